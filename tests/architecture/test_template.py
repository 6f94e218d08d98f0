"""template.yaml, the folders, the events, the build targets and the code say the same."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from infra.build_function import layers_digest
from infra.bytecode import RUNTIME
from infra.check_build import LIMIT_BYTES, function_sizes
from infra.template import FUNCTION, LAYER, folder_of, layers_of, load, resources
from segue.serving.api.contract import Problem
from segue.serving.api.http import http_api
from segue.serving.api.signed_cursor import read_keys
from segue.serving.api.telemetry import ARTIFACT_REFRESH_FAILED, SERVER_ERRORS
from segue.serving.api.tier import Tier
from segue.serving.imports.contract import MOST_BYTES
from segue.serving.imports.job import JOBS, STALE, UPLOADS
from segue.serving.imports.worker import ATTEMPTS
from segue.serving.settings import environment as settings
from segue.serving.settings import web
from segue.serving.settings.environment import TierSettings
from segue.sources.lake import EXCLUSION_PREFIX, LAKE_PREFIX, lake_key

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
TEMPLATE = load(ROOT / "template.yaml")
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
COMMON = TEMPLATE["Globals"]["Function"]
FUNCTIONS = dict(resources(TEMPLATE, FUNCTION))
LAYERS = dict(resources(TEMPLATE, LAYER))
ALARMS = dict(resources(TEMPLATE, "AWS::CloudWatch::Alarm"))
API = RESOURCES["Api"]["Properties"]
LOCKS = sorted([*ROOT.glob("layers/*/requirements.txt"), *ROOT.glob("requirements/*.txt")])
BUILT = ROOT / ".aws-sam" / "build"

SEND_TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
READ_MODELS = {"s3:GetObject", "s3:ListBucket"} | SEND_TRACES
READ_LISTENING = {"dynamodb:Query"}
WRITE_OWN_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
ALLOWED = {
    "daily_mix": READ_MODELS | WRITE_OWN_LOG | READ_LISTENING,
    "feedback": SEND_TRACES
    | WRITE_OWN_LOG
    | READ_LISTENING
    | {"dynamodb:PutItem", "s3:GetObject", "s3:PutObject"},
    "genre_preference": READ_MODELS | WRITE_OWN_LOG | {"secretsmanager:GetSecretValue"},
    "health": READ_MODELS | WRITE_OWN_LOG,
    "import_upload": SEND_TRACES | WRITE_OWN_LOG | {"s3:GetObject", "s3:PutObject", "s3:ListBucket"},
    "import_worker": READ_MODELS
    | WRITE_OWN_LOG
    | {"dynamodb:PutItem", "s3:PutObject", "s3:DeleteObject", "sqs:SendMessage"},
    "models": READ_MODELS | WRITE_OWN_LOG,
    "radio_generate": READ_MODELS | WRITE_OWN_LOG | READ_LISTENING | {"secretsmanager:GetSecretValue"},
    "recommend_similar": READ_MODELS | WRITE_OWN_LOG | READ_LISTENING,
    "recommend_user": READ_MODELS | WRITE_OWN_LOG | READ_LISTENING,
    "taste_profile": READ_MODELS | WRITE_OWN_LOG | READ_LISTENING,
}
MANAGED_BY_AWS = {"genre_preference": ["AWSLambdaVPCAccessExecutionRole"]}

LOAD_NO_MODEL = {
    "FeedbackFunction",
    "HealthFunction",
    "ImportUploadFunction",
    "ImportWorkerFunction",  # it reads the catalogue anew for every upload
    "ModelsFunction",
}

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
    return [arn for entry in role.get("ManagedPolicyArns", ()) for arn in branches(entry)]


def variables(name: str) -> dict[str, Any]:
    merged: dict[str, Any] = COMMON["Environment"]["Variables"] | FUNCTIONS[name]["Environment"]["Variables"]
    return merged


def test_functions_folders_events_and_build_targets_agree() -> None:
    named = {folder_of(name) for name in FUNCTIONS}
    assert named == folders("functions") == folders("events") == set(ALLOWED)
    assert build_targets("build_function", FUNCTIONS) == {name: folder_of(name) for name in FUNCTIONS}


def test_layers_folders_and_build_targets_agree() -> None:
    assert {folder_of(name) for name in LAYERS} == folders("layers")
    assert build_targets("build_layer", LAYERS) == {name: folder_of(name) for name in LAYERS}


def build_targets(script: str, names: Iterable[str]) -> dict[str, str]:
    """The folder that each of SAM's make targets builds, by logical id."""
    made = {}
    for name in names:
        command = ["make", "--dry-run", f"build-{name}", "ARTIFACTS_DIR=into"]
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        made[name] = shown.partition(f" -m infra.{script} ")[2].split()[0]
    return made


def test_runtime_is_the_python_that_the_build_compiles_for() -> None:
    assert COMMON["Runtime"] == f"python{RUNTIME}"
    assert all(layer["CompatibleRuntimes"] == [f"python{RUNTIME}"] for layer in LAYERS.values())


@each_function
def test_function_is_published_gradually_under_an_alias_with_snapstart(name: str) -> None:
    assert COMMON["SnapStart"] == {"ApplyOn": {"Ref": "SnapStart"}}
    assert TEMPLATE["Parameters"]["SnapStart"]["Default"] == "PublishedVersions"
    assert TEMPLATE["Parameters"]["SnapStart"]["AllowedValues"] == ["PublishedVersions", "None"]
    assert COMMON["AutoPublishAlias"] == "live"
    assert FUNCTIONS[name]["AutoPublishAliasAllProperties"] is True
    assert RESOURCES[name]["Metadata"]["BuildMethod"] == "makefile"


@each_function
def test_canary_sees_crashes_and_the_errors_that_are_answers(name: str) -> None:
    watched = watched_by(name)
    assert [dimensions(alarm) for alarm in watched if alarm["MetricName"] == "Errors"] == [
        {"FunctionName": {"Ref": name}, "Resource": {"Fn::Sub": f"${{{name}}}:live"}}
    ]
    own = [alarm for alarm in watched if alarm["MetricName"] == SERVER_ERRORS]
    assert [(alarm["Statistic"], alarm["Threshold"], alarm["TreatMissingData"]) for alarm in own] == [
        ("Sum", 0, "notBreaching")
    ]


@each_function
def test_alarms_watch_the_metrics_that_this_stacks_function_counts(name: str) -> None:
    namespace = variables(name)["POWERTOOLS_METRICS_NAMESPACE"]
    assert namespace == {"Fn::Sub": "Segue/${AWS::StackName}"}
    own = [alarm for alarm in watched_by(name) if alarm["Namespace"] != "AWS/Lambda"]
    assert {json.dumps(alarm["Namespace"]) for alarm in own} == {json.dumps(namespace)}
    assert {alarm["MetricName"] for alarm in own} <= {ARTIFACT_REFRESH_FAILED, SERVER_ERRORS}
    service = {"service": variables(name)["POWERTOOLS_SERVICE_NAME"]}
    assert [dimensions(alarm) for alarm in own] == [service] * len(own)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - LOAD_NO_MODEL))
def test_a_refresh_that_fails_is_watched(name: str) -> None:
    assert ARTIFACT_REFRESH_FAILED in {alarm["MetricName"] for alarm in watched_by(name)}


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - LOAD_NO_MODEL))
def test_models_fit_on_the_disk_and_a_snapshot_on_the_least_there_is(name: str) -> None:
    """Lambda refuses SnapStart for a function with more than 512 MB."""
    storage = FUNCTIONS[name].get("EphemeralStorage", {"Size": 512})["Size"]
    assert storage in (512, {"Fn::If": ["HasSnapStart", 512, {"Ref": "ModelStorageMb"}]})
    assert TEMPLATE["Conditions"]["HasSnapStart"] == {
        "Fn::Equals": [{"Ref": "SnapStart"}, "PublishedVersions"]
    }
    assert TEMPLATE["Parameters"]["ModelStorageMb"]["MinValue"] == 512


def test_the_state_is_read_through_its_index_and_nothing_else_of_it() -> None:
    (read,) = RESOURCES["ReadListeningPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (index,) = RESOURCES["StateTable"]["Properties"]["LocalSecondaryIndexes"]
    assert read["Resource"] == {"Fn::Sub": f"${{StateTable.Arn}}/index/{index['IndexName']}"}


def test_the_generated_secret_holds_keys_that_are_accepted() -> None:
    made = RESOURCES["CursorSecret"]["Properties"]["GenerateSecretString"]
    digits = set("0123456789abcdefghijklmnopqrstuvwxyz") - set(made["ExcludeCharacters"])
    assert digits == set("0123456789abcdef")
    assert (made["ExcludeUppercase"], made["ExcludePunctuation"]) == (True, True)
    keys = json.loads(made["SecretStringTemplate"]) | {
        made["GenerateStringKey"]: "a" * made["PasswordLength"]
    }
    assert read_keys("X", ",".join(f"{name}:{key}" for name, key in keys.items()))


def test_every_alarm_holds_up_a_deployment_and_tells_the_topic_if_there_is_one() -> None:
    named = [alarm["Ref"] for f in FUNCTIONS.values() for alarm in f["DeploymentPreference"]["Alarms"]]
    assert sorted(named) == sorted(ALARMS)
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert [name for name, alarm in ALARMS.items() if alarm.get("AlarmActions") != told] == []
    assert given("HasAlarmTopic") == "AlarmTopicArn"


def watched_by(name: str) -> list[dict[str, Any]]:
    return [ALARMS[alarm["Ref"]] for alarm in FUNCTIONS[name]["DeploymentPreference"]["Alarms"]]


def dimensions(alarm: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}


def given(condition: str) -> str:
    """The optional parameter that the condition looks at; empty, its default, means not given."""
    ((parameter, empty),) = [no["Fn::Equals"] for no in TEMPLATE["Conditions"][condition]["Fn::Not"]]
    assert empty == TEMPLATE["Parameters"][parameter["Ref"]]["Default"] == ""
    return str(parameter["Ref"])


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
    assert by_aws == MANAGED_BY_AWS.get(folder_of(name), [])


@each_function
def test_variables_are_those_that_the_settings_read(name: str) -> None:
    known = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (settings, web))
    ours = [variable for variable in variables(name) if variable.startswith(("SEGUE_", "AWS_"))]
    assert [variable for variable in ours if variable not in known] == []
    assert variables(name)["ORT_DISABLE_TELEMETRY"] == "1"


@pytest.mark.parametrize(
    ("variable", "condition", "parameter"),
    [
        ("SEGUE_STORE_HOST", "HasStoreHost", "StoreHost"),
        ("SEGUE_STORE_DATABASE", "HasStoreDatabase", "StoreDatabase"),
        ("SEGUE_STORE_SECRET", "HasSecret", "StoreSecretArn"),
        ("SEGUE_STORE", "HasStore", "Store"),
    ],
)
def test_store_variables_are_left_out_unless_given(variable: str, condition: str, parameter: str) -> None:
    value = variables("GenrePreferenceFunction")[variable]
    assert value == {"Fn::If": [condition, {"Ref": parameter}, {"Ref": "AWS::NoValue"}]}
    assert given(condition) == parameter


STATUS_OF_REFUSALS = {
    "DEFAULT_4XX": 400,
    "DEFAULT_5XX": 500,
    "INVALID_API_KEY": 403,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "REQUEST_TOO_LARGE": 413,
    "THROTTLED": 429,
    "QUOTA_EXCEEDED": 429,
    "INTEGRATION_TIMEOUT": 504,
    "INTEGRATION_FAILURE": 504,
}


def test_every_refusal_of_the_api_is_listed() -> None:
    assert API["GatewayResponses"].keys() == STATUS_OF_REFUSALS.keys()


@pytest.mark.parametrize(("kind", "status"), STATUS_OF_REFUSALS.items())
def test_refusal_of_the_api_is_a_problem_like_a_functions(kind: str, status: int) -> None:
    response = API["GatewayResponses"][kind]
    assert response["StatusCode"] == status
    assert response["ResponseParameters"]["Headers"] == {
        "Content-Type": "'application/problem+json'",
        "Access-Control-Allow-Origin": API["Cors"]["AllowOrigin"],  # else a page cannot read it
    }
    ((_, body),) = response["ResponseTemplates"].items()
    for variable, value in (("$context.requestId", "r-1"), ("$context.error.messageString", '"Forbidden"')):
        body = body.replace(variable, value)
    found = Problem.model_validate(json.loads(body), strict=True, extra="forbid")
    assert (found.status, found.request_id, found.error) == (status, "r-1", found.detail)
    assert found.type == f"urn:segue:error:{found.code}"
    assert "$" not in body


def test_the_api_answers_a_browsers_preflight_without_a_key_as_the_functions_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert API["Auth"]["AddApiKeyRequiredToCorsPreflight"] is False
    monkeypatch.setenv("SEGUE_CORS_ORIGINS", "https://shop.example")
    asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    function = TestClient(http_api("test")).options("/", headers=asked).headers
    wanted = API["Cors"]["AllowHeaders"].strip("'").split(",")
    assert set(wanted) <= set(function["access-control-allow-headers"].lower().split(", "))
    assert API["Cors"]["MaxAge"] == f"'{function['access-control-max-age']}'"


def test_pages_and_the_base_path_are_parameters_that_every_function_is_told() -> None:
    assert (
        COMMON["Environment"]["Variables"].items()
        >= {
            "SEGUE_CORS_ORIGINS": {"Fn::Join": [",", {"Ref": "CorsOrigins"}]},
            "SEGUE_BASE_PATH": {"Ref": "BasePath"},
        }.items()
    )
    assert {TEMPLATE["Parameters"][name]["Default"] for name in ("CorsOrigins", "BasePath")} == {""}


def test_access_log_is_json_and_finds_a_request_by_either_id() -> None:
    line = json.loads(API["AccessLogSetting"]["Format"])
    assert line["request_id"] == "$context.requestId"
    assert line["function_request_id"] == "$context.integration.requestId"


def test_only_health_is_open_without_a_key() -> None:
    routes = {
        (event["Properties"]["Path"], event["Properties"].get("Auth", {}).get("ApiKeyRequired", True))
        for properties in FUNCTIONS.values()
        for event in properties["Events"].values()
        if event["Type"] == "Api"
    }
    assert {path for path, needs_key in routes if not needs_key} == {"/health"}
    assert {path for path, needs_key in routes if needs_key} >= {"/api/model", "/feedback", "/recommend/user"}
    assert API["Auth"]["ApiKeyRequired"] is True


@pytest.mark.parametrize("bucket", [name for name, r in RESOURCES.items() if r["Type"] == "AWS::S3::Bucket"])
def test_bucket_is_kept_private_encrypted_versioned_and_tls_only(bucket: str) -> None:
    assert RESOURCES[bucket]["DeletionPolicy"] == RESOURCES[bucket]["UpdateReplacePolicy"] == "Retain"
    properties = RESOURCES[bucket]["Properties"]
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert all(properties["PublicAccessBlockConfiguration"].values())
    if bucket != "UploadBucket":  # whose deletions are for good
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


@pytest.mark.parametrize(
    ("bucket", "rule", "objects"),
    [
        ("ArtifactBucket", "VersionsAreWrittenOnce", "${ArtifactPrefix}/*/versions/*"),
        ("LakeBucket", "EventsAreWrittenOnce", f"{LAKE_PREFIX}*"),
    ],
)
def test_versions_and_events_are_written_once(bucket: str, rule: str, objects: str) -> None:
    once = next(s for s in bucket_policy(bucket) if s["Sid"] == rule)
    assert (once["Effect"], once["Action"], once["Principal"]) == ("Deny", "s3:PutObject", "*")
    assert once["Resource"] == {"Fn::Sub": f"${{{bucket}.Arn}}/{objects}"}
    assert once["Condition"]["Null"] == {"s3:if-none-match": "true"}


def test_only_what_was_deleted_expires() -> None:
    rules = RESOURCES["ArtifactBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    merged = {key: value for rule in rules for key, value in rule.items() if key not in {"Id", "Status"}}
    assert merged == {
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "ExpiredObjectDeleteMarker": True,
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }


def test_what_listeners_did_ages_and_what_they_exclude_does_not() -> None:
    rules = RESOURCES["LakeBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (aging,) = (rule for rule in rules if "ExpirationInDays" in rule)
    assert lake_key([], datetime(2026, 11, 21, tzinfo=UTC)).startswith(aging["Prefix"])
    assert EXCLUSION_PREFIX.startswith(LAKE_PREFIX)
    assert not EXCLUSION_PREFIX.startswith(aging["Prefix"])


def test_uploads_are_deleted_and_every_one_of_them_calls_the_function_that_imports_it() -> None:
    bucket = RESOURCES["UploadBucket"]["Properties"]
    kept = {
        rule["Prefix"]: rule["ExpirationInDays"]
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "Prefix" in rule
    }
    assert kept == {UPLOADS: 1, JOBS: 7}
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert bucket["CorsConfiguration"]["Fn::If"][0] == "HasUploadOrigins"
    worker = FUNCTIONS["ImportWorkerFunction"]
    (rule,) = worker["Events"].values()
    assert rule["Properties"]["Pattern"]["detail"] == {
        "bucket": {"name": [{"Ref": "UploadBucket"}]},
        "object": {"key": [{"prefix": UPLOADS}]},
    }
    assert worker["EventInvokeConfig"]["MaximumRetryAttempts"] + 1 == ATTEMPTS
    assert worker["EphemeralStorage"]["Size"] << 20 > 4 * MOST_BYTES
    assert worker["SnapStart"] == {"ApplyOn": "None"}
    assert ATTEMPTS * worker["Timeout"] < STALE.total_seconds()


def test_state_is_kept_encrypted_recoverable_and_forgets_by_time() -> None:
    table = RESOURCES["StateTable"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    properties = table["Properties"]
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("tier", Tier)
def test_a_tier_has_a_key_and_a_plan_with_a_quota_of_its_own(tier: Tier) -> None:
    key, plan = f"{tier.title()}Key", f"{tier.title()}Plan"
    member = RESOURCES[f"{plan}Key"]["Properties"]
    assert (member["KeyId"], member["UsagePlanId"]) == ({"Ref": key}, {"Ref": plan})
    assert RESOURCES[plan]["Properties"]["Quota"]["Limit"] == {"Ref": f"{tier.title()}DailyQuota"}
    # With a stage, the key would need the API, which needs the functions, which need the key.
    assert RESOURCES[key]["Properties"].keys() == {"Description", "Enabled"}


def test_functions_know_the_tier_of_every_key() -> None:
    given = COMMON["Environment"]["Variables"]
    text = given["SEGUE_KEY_TIERS"]["Fn::Sub"].replace("${MoreKeyTiers}", ",k4=pro")
    found = TierSettings.from_environment({"SEGUE_KEY_TIERS": re.sub(r"[${}]", "", text)})
    assert found.of_key == {f"{tier.title()}Key": tier for tier in Tier} | {"k4": "pro"}
    assert given["SEGUE_DEFAULT_TIER"] == Tier.FREE
    assert re.fullmatch(TEMPLATE["Parameters"]["MoreKeyTiers"]["AllowedPattern"], ",k4=pro,k5=free")


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


@pytest.fixture(scope="module")
def sizes() -> dict[str, dict[str, int]]:
    if not BUILT.exists():
        pytest.skip("nothing is built: run `make build`")
    return function_sizes(BUILT, ROOT / "template.yaml")


@pytest.mark.build
@each_function
def test_built_function_and_its_layers_fit(name: str, sizes: dict[str, dict[str, int]]) -> None:
    parts = sizes[name]
    assert set(parts) == {name, *layers_of(FUNCTIONS[name])}
    assert min(parts.values()) > 0
    assert sum(parts.values()) < LIMIT_BYTES
