# The Lambda build, included by the Makefile. SAM itself calls the targets build-<LogicalId>.

ARCH ?= arm64
UV ?= .venv/bin/uv
PYTHON ?= .venv/bin/python
export ARCH
export SAM_CLI_TELEMETRY := 0

# As one text for every lock file: no address of a registry, no path of a machine.
LOCK := pip compile --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-emit-index-url --no-header --quiet $(LOCK_FLAGS)

.PHONY: build lint-infra lock-infra deploy

build: .venv-sam/.stamp ## Build every function and layer for Lambda (ARCH=arm64|x86_64)
	.venv-sam/bin/sam build --parameter-overrides Architecture=$(ARCH)
	.venv-sam/bin/python -m infra.check_build --architecture $(ARCH)

deploy: build ## Deploy what was built to the AWS account of the environment
	.venv-sam/bin/sam deploy --parameter-overrides Architecture=$(ARCH) $(PARAMETERS)

# SAM names a target after a logical ID; RecommendUserFunction is made of functions/recommend_user.
folder = $(shell echo $(1) | sed 's/[A-Z]/_&/g; s/^_//' | tr A-Z a-z)

build-%Function:
	$(PYTHON) -m infra.build_function $(call folder,$*) --into "$(ARTIFACTS_DIR)"

build-%Layer:
	$(PYTHON) -m infra.build_layer $(call folder,$*) --architecture $(ARCH) --into "$(ARTIFACTS_DIR)" --uv $(UV)

# Nothing is looked up in a Region; the tools refuse to start without the name of one.
lint-infra: export AWS_DEFAULT_REGION := eu-central-1
lint-infra: STACKS := template.yaml $(wildcard infra/*.yaml)
lint-infra: .venv-sam/.stamp .venv-checkov/.stamp ## cfn-lint, sam validate, checkov; all offline
	.venv-sam/bin/cfn-lint --non-zero-exit-code informational $(STACKS)
	.venv-sam/bin/sam validate --lint
	.venv-sam/bin/python -m infra.transform .build/transformed.json
	.venv-checkov/bin/checkov --config-file .checkov.yaml $(addprefix --file ,$(STACKS)) --file .build/transformed.json

# A layer runs what the tests ran, hence constraints.txt. The tools would not resolve with it: each has an
# environment of its own. Pins are kept where they still fit; LOCK_FLAGS=--upgrade takes newer ones.
lock-infra: .venv/.uv ## Compile the lock files of the layers and of the build tools
	for name in $(basename $(wildcard layers/*/requirements.in)); do \
	  $(UV) $(LOCK) --constraints constraints.txt $$name.in --output-file $$name.txt || exit 1; done
	for name in sam checkov openapi; do \
	  $(UV) $(LOCK) requirements/$$name.in --output-file requirements/$$name.txt || exit 1; done

# After .venv, which brings uv.
.venv-%/.stamp: requirements/%.txt | .venv/.uv
	$(UV) venv --quiet --clear --python $(PYTHON) .venv-$*
	$(UV) pip install --quiet --python .venv-$*/bin/python --require-hashes --requirement $<
	touch $@
