"""template.yaml, the folders, the events, the build targets and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from infra.build_function import layers_digest
from infra.bytecode import RUNTIME
from infra.check_build import LIMIT_BYTES, function_sizes
from infra.template import FUNCTION, LAYER, folder_of, layers_of, load, resources
from segue.serving import settings
from segue.serving.telemetry import ARTIFACT_REFRESH_FAILED

ROOT = Path(__file__).parents[2]
TEMPLATE = load(ROOT / "template.yaml")
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
COMMON = TEMPLATE["Globals"]["Function"]
FUNCTIONS = dict(resources(TEMPLATE, FUNCTION))
LAYERS = dict(resources(TEMPLATE, LAYER))
LOCKS = sorted([*ROOT.glob("layers/*/requirements.txt"), *ROOT.glob("requirements/*.txt")])
BUILT = ROOT / ".aws-sam" / "build"

READ_MODELS = {"s3:GetObject", "s3:ListBucket", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
WRITE_OWN_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
ALLOWED = {
    "genre_preference": READ_MODELS | WRITE_OWN_LOG | {"secretsmanager:GetSecretValue"},
    "health": READ_MODELS | WRITE_OWN_LOG,
}
MANAGED_BY_AWS = {"genre_preference": ["AWSLambdaVPCAccessExecutionRole"], "health": []}

each_function = pytest.mark.parametrize("name", FUNCTIONS)


def folders(where: str) -> set[str]:
    return {path.name for path in (ROOT / where).iterdir() if path.is_dir() and path.name != "__pycache__"}


def branches(value: Any) -> list[Any]:
    """Both sides of a condition, without the side that stands for nothing."""
    if isinstance(value, dict) and "Fn::If" in value:
        return [side for branch in value["Fn::If"][1:] for side in branches(branch)]
    return [] if value == {"Ref": "AWS::NoValue"} else [value]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(name: str) -> list[dict[str, Any]]:
    """Every statement of the function's role, attached policies of the template included."""
    role = RESOURCES[FUNCTIONS[name]["Role"]["Fn::GetAtt"][0]]["Properties"]
    own = [policy for entry in role["Policies"] for policy in branches(entry)]
    shared = [RESOURCES[arn["Ref"]]["Properties"] for arn in attached(role) if "Ref" in arn]
    return [found for policy in own + shared for found in policy["PolicyDocument"]["Statement"]]


def attached(role: dict[str, Any]) -> list[dict[str, Any]]:
    return [arn for entry in role["ManagedPolicyArns"] for arn in branches(entry)]


def variables(name: str) -> dict[str, Any]:
    merged: dict[str, Any] = COMMON["Environment"]["Variables"] | FUNCTIONS[name]["Environment"]["Variables"]
    return merged


def test_functions_folders_events_and_build_targets_agree() -> None:
    named = {folder_of(name) for name in FUNCTIONS}
    assert named == folders("functions") == folders("events") == set(ALLOWED)
    assert build_targets("build_function") == {name: folder_of(name) for name in FUNCTIONS}


def test_layers_folders_and_build_targets_agree() -> None:
    assert {folder_of(name) for name in LAYERS} == folders("layers")
    assert build_targets("build_layer") == {name: folder_of(name) for name in LAYERS}


def build_targets(script: str) -> dict[str, str]:
    pattern = rf"^build-(\w+):\n\t\$\(PYTHON\) -m infra\.{script} (\w+) "
    return dict(re.findall(pattern, (ROOT / "build.mk").read_text(encoding="utf-8"), re.MULTILINE))


def test_runtime_is_the_python_that_the_build_compiles_for() -> None:
    assert COMMON["Runtime"] == f"python{RUNTIME}"
    assert all(layer["CompatibleRuntimes"] == [f"python{RUNTIME}"] for layer in LAYERS.values())


@each_function
def test_function_is_published_gradually_under_an_alias_with_snapstart(name: str) -> None:
    assert COMMON["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert COMMON["AutoPublishAlias"] == "live"
    assert FUNCTIONS[name]["AutoPublishAliasAllProperties"] is True
    assert RESOURCES[name]["Metadata"]["BuildMethod"] == "makefile"
    alarms = [
        RESOURCES[alarm["Ref"]]["Properties"] for alarm in FUNCTIONS[name]["DeploymentPreference"]["Alarms"]
    ]
    errors = [alarm for alarm in alarms if alarm["MetricName"] == "Errors"]
    assert [{d["Name"]: d["Value"] for d in alarm["Dimensions"]} for alarm in errors] == [
        {"FunctionName": {"Ref": name}, "Resource": {"Fn::Sub": f"${{{name}}}:live"}}
    ]


@each_function
def test_function_logs_into_a_group_that_forgets(name: str) -> None:
    group = RESOURCES[FUNCTIONS[name]["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["Type"] == "AWS::Logs::LogGroup"
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@each_function
def test_role_allows_no_more_than_the_function_does(name: str) -> None:
    allowed = ALLOWED[folder_of(name)]
    found = statements(name)
    assert {action for statement in found for action in as_list(statement["Action"])} == allowed
    everywhere = [statement for statement in found if "*" in as_list(statement["Resource"])]
    assert [statement["Sid"] for statement in everywhere] == ["SendTraces"]
    role = RESOURCES[FUNCTIONS[name]["Role"]["Fn::GetAtt"][0]]["Properties"]
    by_aws = [arn["Fn::Sub"].rsplit("/", 1)[1] for arn in attached(role) if "Fn::Sub" in arn]
    assert by_aws == MANAGED_BY_AWS[folder_of(name)]


@each_function
def test_variables_are_those_that_the_settings_read(name: str) -> None:
    known = Path(settings.__file__).read_text(encoding="utf-8")
    ours = [variable for variable in variables(name) if variable.startswith(("SEGUE_", "AWS_"))]
    assert [variable for variable in ours if variable not in known] == []
    assert variables(name)["ORT_DISABLE_TELEMETRY"] == "1"


def test_refresh_alarm_watches_the_metric_that_the_function_counts() -> None:
    alarm = RESOURCES["GenrePreferenceRefreshAlarm"]["Properties"]
    expected = variables("GenrePreferenceFunction")
    assert alarm["MetricName"] == ARTIFACT_REFRESH_FAILED
    assert alarm["Namespace"] == expected["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": "service", "Value": expected["POWERTOOLS_SERVICE_NAME"]}]


def test_only_health_is_open_without_a_key() -> None:
    routes = {
        (event["Properties"]["Path"], event["Properties"].get("Auth", {}).get("ApiKeyRequired", True))
        for properties in FUNCTIONS.values()
        for event in properties["Events"].values()
    }
    assert routes == {("/api/model", True), ("/health", False)}
    assert RESOURCES["Api"]["Properties"]["Auth"]["ApiKeyRequired"] is True


@pytest.mark.parametrize("bucket", [name for name, r in RESOURCES.items() if r["Type"] == "AWS::S3::Bucket"])
def test_bucket_is_kept_private_encrypted_versioned_and_tls_only(bucket: str) -> None:
    assert RESOURCES[bucket]["DeletionPolicy"] == RESOURCES[bucket]["UpdateReplacePolicy"] == "Retain"
    properties = RESOURCES[bucket]["Properties"]
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]
    denied = {s["Sid"]: s for s in bucket_policy(bucket) if s["Effect"] == "Deny"}
    assert denied["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["TlsOnly"]["Resource"] == [
        {"Fn::GetAtt": [bucket, "Arn"]},
        {"Fn::Sub": f"${{{bucket}.Arn}}/*"},
    ]


def bucket_policy(bucket: str) -> list[dict[str, Any]]:
    policy = next(
        p for _, p in resources(TEMPLATE, "AWS::S3::BucketPolicy") if p["Bucket"] == {"Ref": bucket}
    )
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def test_versions_are_written_once_and_never_expire() -> None:
    once = next(s for s in bucket_policy("ArtifactBucket") if s["Sid"] == "VersionsAreWrittenOnce")
    assert (once["Effect"], once["Action"], once["Principal"]) == ("Deny", "s3:PutObject", "*")
    assert once["Resource"] == {"Fn::Sub": "${ArtifactBucket.Arn}/${ArtifactPrefix}/*/versions/*"}
    assert once["Condition"]["Null"] == {"s3:if-none-match": "true"}
    rules = RESOURCES["ArtifactBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [set(rule) for rule in rules] == [{"Id", "Status", "AbortIncompleteMultipartUpload"}]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_lock_file_is_hashed_and_names_no_registry_and_no_machine(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|^\s*-e |@ file|(?<=\s)/\w", text, re.MULTILINE)
    pins = re.findall(r"^[a-zA-Z][^\n]*(?:\n    --hash=sha256:[0-9a-f]{64}[ \\]*)+", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-zA-Z]", text, re.MULTILINE))
    assert pins


@pytest.mark.parametrize("layer", sorted(folders("layers")))
def test_layer_ships_the_versions_that_the_tests_ran(layer: str) -> None:
    lock = pins(ROOT / "layers" / layer / "requirements.txt")
    tested = pins(ROOT / "constraints.txt")
    assert lock.items() <= tested.items()
    assert not {"boto3", "scikit-learn", "scipy", "pandas"} & lock.keys()


def pins(path: Path) -> dict[str, str]:
    return dict(
        re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    )


def test_digest_changes_with_any_layer(tmp_path: Path) -> None:
    lock = tmp_path / "web" / "requirements.txt"
    lock.parent.mkdir()
    lock.write_text("mangum==1\n")
    before = layers_digest(tmp_path)
    lock.write_text("mangum==2\n")
    assert layers_digest(tmp_path) != before


@pytest.mark.build
@each_function
def test_built_function_and_its_layers_fit(name: str) -> None:
    if not BUILT.exists():
        pytest.skip("nothing is built: run `make build`")
    parts = function_sizes(BUILT, ROOT / "template.yaml")[name]
    assert set(parts) == {name, *layers_of(FUNCTIONS[name])}
    assert min(parts.values()) > 0
    assert sum(parts.values()) < LIMIT_BYTES
