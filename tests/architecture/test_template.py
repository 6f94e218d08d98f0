"""The stacks, the folders, the events, the build targets and the code say the same."""

from __future__ import annotations

import ast
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
from segue.aws import client
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
from tests.architecture.tree import ROOT, imports, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

TEMPLATE = load(ROOT / "template.yaml")
STORAGE = load(ROOT / "infra" / "storage.yaml")
EVERY_FUNCTION = load(ROOT / "infra" / "function.yaml")
"""What each function has besides its code."""
STACKS = [TEMPLATE, STORAGE, EVERY_FUNCTION]
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
STORED: dict[str, Any] = STORAGE["Resources"]
COMMON = TEMPLATE["Globals"]["Function"]
FUNCTIONS = dict(resources(TEMPLATE, FUNCTION))
LAYERS = dict(resources(TEMPLATE, LAYER))
POLICIES = {
    name.removesuffix("Policy"): policy["PolicyDocument"]["Statement"]
    for stack in STACKS
    for name, policy in resources(stack, "AWS::IAM::ManagedPolicy")
}
API = RESOURCES["Api"]["Properties"]
LOCKS = sorted([*ROOT.glob("layers/*/requirements.txt"), *ROOT.glob("requirements/*.txt")])
TEMPLATES = [ROOT / "template.yaml", *sorted((ROOT / "infra").glob("*.yaml"))]
BUILT = ROOT / ".aws-sam" / "build"

SEND_TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
WRITE_OWN_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
MAY = {
    "ReadModels": {"s3:GetObject", "s3:ListBucket"},
    "ReadListening": {"dynamodb:Query"},
    "KeepEvents": {"dynamodb:PutItem", "s3:GetObject", "s3:PutObject"},
    "KeepImports": {"s3:GetObject", "s3:PutObject", "s3:ListBucket"},
    "SignUploads": {"s3:PutObject"},
    "ReadUploads": {"s3:GetObject", "s3:DeleteObject"},
    "ReportFailure": {"sqs:SendMessage"},
    "ReadStoreSecret": {"secretsmanager:GetSecretValue"},
    "ReadCursorKeys": {"secretsmanager:GetSecretValue"},
}
NEEDED_FOR = {
    "ArtifactSettings": {"ReadModels"},
    "state_location": {"ReadListening"},
    "lake_location": {"KeepEvents"},
    "upload_location": {"KeepImports", "SignUploads", "ReadUploads", "ReportFailure"},
    "follow_store": {"ReadStoreSecret", "AWSLambdaVPCAccessExecutionRole"},
    "cursor_keys": {"ReadCursorKeys"},
}
"""What a handler may be allowed by what it reads from its settings."""
VARIABLE_OF = {
    "state_location": "SEGUE_STATE",
    "lake_location": "SEGUE_LAKE",
    "upload_location": "SEGUE_UPLOADS",
    "follow_store": "SEGUE_STORE_SECRET",
    "cursor_keys": "SEGUE_CURSOR_SECRET",
}

each_function = pytest.mark.parametrize("name", FUNCTIONS)


def folders(where: str) -> set[str]:
    return {path.name for path in (ROOT / where).iterdir() if path.is_dir() and path.name != "__pycache__"}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def beside(name: str) -> dict[str, Any]:
    """The parameters of the nested stack with what the function has besides its code."""
    (stack,) = {value["Fn::GetAtt"][0] for value in (FUNCTIONS[name]["Role"], log_group(name), *alarms(name))}
    properties = RESOURCES[stack]["Properties"]
    assert properties["TemplateURL"] == "infra/function.yaml"
    given: dict[str, Any] = properties["Parameters"]
    return given


def alarms(name: str) -> list[dict[str, Any]]:
    named: list[dict[str, Any]] = FUNCTIONS[name]["DeploymentPreference"]["Alarms"]
    return named


def log_group(name: str) -> dict[str, Any]:
    group: dict[str, Any] = FUNCTIONS[name]["LoggingConfig"]["LogGroup"]
    return group


def policies(name: str) -> set[str]:
    """What the function may do, by the names of policies of these stacks and of AWS."""
    return set(re.findall(r"(\w+?)(?:Policy)?(?=[}'\"])", json.dumps(beside(name).get("Policies")))) & (
        POLICIES.keys() | {"AWSLambdaVPCAccessExecutionRole"}
    )


def read_from_settings(name: str) -> set[str]:
    """What the function's handler imports to find its surroundings."""
    return names_imported(ROOT / "functions" / folder_of(name) / "handler.py") & NEEDED_FOR.keys()


def names_imported(path: Path) -> set[str]:
    froms = [node for node in ast.walk(parse(path)) if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in froms for alias in node.names}


def loads_models(name: str) -> bool:
    """Whether the function's handler keeps models in memory: nothing else needs a holder of what is live."""
    handler = ROOT / "functions" / folder_of(name) / "handler.py"
    return any(module.startswith("segue.serving.live.") for module in imports(handler))


def variables(name: str) -> dict[str, Any]:
    merged: dict[str, Any] = COMMON["Environment"]["Variables"] | FUNCTIONS[name]["Environment"]["Variables"]
    return merged


def test_functions_folders_and_events_agree() -> None:
    functions, events = folders("functions"), folders("events")
    named = {folder_of(name): name for name in FUNCTIONS}
    missing = [
        *(f"template.yaml: a function for functions/{name}" for name in sorted(functions - named.keys())),
        *(f"functions/{name}/handler.py: for {named[name]}" for name in sorted(named.keys() - functions)),
        *(f"events/{name}/ok.json: what a caller sends" for name in sorted(functions - events)),
        *(f"functions/{name}/handler.py: for events/{name}" for name in sorted(events - functions)),
    ]
    assert not missing, "\n".join(["add", *missing])


def test_build_targets_build_the_functions_folders() -> None:
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
    assert FUNCTIONS[name]["AutoPublishAliasAllProperties"] is True  # SnapStart froze the old settings
    assert RESOURCES[name]["Metadata"]["BuildMethod"] == "makefile"


@each_function
def test_canary_sees_crashes_errors_that_are_answers_and_models_that_cannot_be_read(name: str) -> None:
    outputs = ["ErrorsAlarm", "ServerErrorsAlarm", *(["RefreshAlarm"] if loads_models(name) else [])]
    assert [alarm["Fn::GetAtt"][1] for alarm in alarms(name)] == [f"Outputs.{output}" for output in outputs]
    assert (beside(name).get("LoadsModels") == "true") is loads_models(name)


@each_function
def test_what_a_function_has_beside_its_code_is_its_own(name: str) -> None:
    service = folder_of(name).replace("_", "-")
    assert beside(name)["Service"] == variables(name)["POWERTOOLS_SERVICE_NAME"] == service
    assert FUNCTIONS[name]["FunctionName"] == {"Fn::Sub": f"${{AWS::StackName}}-{service}"}
    assert FUNCTIONS[name]["Role"]["Fn::GetAtt"][1] == "Outputs.Role"
    assert log_group(name)["Fn::GetAtt"][1] == "Outputs.LogGroup"
    assert beside(name)["Parent"] == {"Ref": "AWS::StackName"}


def test_alarms_watch_the_function_and_the_metrics_that_it_counts() -> None:
    found = dict(resources(EVERY_FUNCTION, "AWS::CloudWatch::Alarm"))
    assert COMMON["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"] == {
        "Fn::Sub": "Segue/${AWS::StackName}"
    }
    own, service = {"Fn::Sub": "Segue/${Parent}"}, {"service": {"Ref": "Service"}}
    function = {"Fn::Sub": "${Parent}-${Service}"}, {"Fn::Sub": "${Parent}-${Service}:live"}
    assert {alarm["MetricName"]: (alarm["Namespace"], dimensions(alarm)) for alarm in found.values()} == {
        "Errors": ("AWS/Lambda", dict(zip(("FunctionName", "Resource"), function, strict=True))),
        SERVER_ERRORS: (own, service),
        ARTIFACT_REFRESH_FAILED: (own, service),
    }


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if loads_models(name)])
def test_models_fit_on_the_disk_and_a_snapshot_on_the_least_there_is(name: str) -> None:
    """Lambda refuses SnapStart for a function with more than 512 MB."""
    storage = FUNCTIONS[name].get("EphemeralStorage", {"Size": 512})["Size"]
    assert storage in (512, {"Fn::If": ["HasSnapStart", 512, {"Ref": "ModelStorageMb"}]})
    assert TEMPLATE["Conditions"]["HasSnapStart"] == {
        "Fn::Equals": [{"Ref": "SnapStart"}, "PublishedVersions"]
    }
    assert TEMPLATE["Parameters"]["ModelStorageMb"]["MinValue"] == 512


def test_the_state_is_read_through_its_index_and_nothing_else_of_it() -> None:
    (read,) = POLICIES["ReadListening"]
    (index,) = STORED["StateTable"]["Properties"]["LocalSecondaryIndexes"]
    assert read["Resource"] == {"Fn::Sub": f"${{StateTable.Arn}}/index/{index['IndexName']}"}


def test_the_generated_secret_holds_keys_that_are_accepted() -> None:
    made = STORED["CursorSecret"]["Properties"]["GenerateSecretString"]
    digits = set("0123456789abcdefghijklmnopqrstuvwxyz") - set(made["ExcludeCharacters"])
    assert digits == set("0123456789abcdef")
    assert (made["ExcludeUppercase"], made["ExcludePunctuation"]) == (True, True)
    keys = json.loads(made["SecretStringTemplate"]) | {
        made["GenerateStringKey"]: "a" * made["PasswordLength"]
    }
    assert read_keys("X", ",".join(f"{name}:{key}" for name, key in keys.items()))


def test_every_alarm_is_for_any_in_a_minute_and_tells_the_topic_if_there_is_one() -> None:
    found = {name: alarm for stack in STACKS for name, alarm in resources(stack, "AWS::CloudWatch::Alarm")}
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert len(found) == 4
    assert [name for name, alarm in found.items() if alarm.get("AlarmActions") != told] == []
    seen = {(alarm["Period"], alarm["Threshold"], alarm["TreatMissingData"]) for alarm in found.values()}
    assert seen == {(60, 0, "notBreaching")}
    assert given("HasAlarmTopic") == "AlarmTopicArn"
    assert TEMPLATE["Conditions"]["HasAlarmTopic"] == EVERY_FUNCTION["Conditions"]["HasAlarmTopic"]


def dimensions(alarm: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}


def given(condition: str) -> str:
    """The optional parameter that the condition looks at; empty, its default, means not given."""
    ((parameter, empty),) = [no["Fn::Equals"] for no in TEMPLATE["Conditions"][condition]["Fn::Not"]]
    assert empty == TEMPLATE["Parameters"][parameter["Ref"]]["Default"] == ""
    return str(parameter["Ref"])


def test_functions_log_into_groups_that_forget() -> None:
    groups = [group for stack in STACKS for _, group in resources(stack, "AWS::Logs::LogGroup")]
    assert [group["RetentionInDays"] for group in groups] == [{"Ref": "LogRetentionDays"}] * 2


@each_function
def test_role_allows_no_more_than_the_function_does(name: str) -> None:
    allowed = policies(name)
    read = read_from_settings(name)
    useless = allowed - {policy for reader in read for policy in NEEDED_FOR[reader]}
    assert not useless, f"template.yaml: {name} may {useless}, and its handler reads {read or 'nothing'}"
    if "KeepEvents" in allowed:
        read -= {"state_location"}  # the import worker writes to the state, and reads none of it
    lacking = {reader: NEEDED_FOR[reader] for reader in read if not NEEDED_FOR[reader] & allowed}
    assert not lacking, f"template.yaml: the Policies of {name} lack one for each of {lacking}"


@each_function
def test_a_function_is_told_where_what_it_reads_is(name: str) -> None:
    read = read_from_settings(name)
    told = {reader for reader, variable in VARIABLE_OF.items() if variable in variables(name)}
    wanted = {VARIABLE_OF[reader] for reader in read & VARIABLE_OF.keys()}
    assert {VARIABLE_OF[reader] for reader in told} == wanted, "the variables in template.yaml"


def test_the_page_for_new_endpoints_shows_which_variable_and_policies_go_with_what_a_handler_reads() -> None:
    page = (ROOT / "docs" / "runbooks" / "new-endpoint.md").read_text(encoding="utf-8")
    shown = re.findall(r"^ *\| `(\w+)` \| (?:`(\w+)`)? ?\| (.+) \|$", page, re.MULTILINE)
    assert {reader: variable for reader, variable, _ in shown if variable} == VARIABLE_OF
    assert {reader: set(re.findall(r"`(\w+)`", policies)) for reader, _, policies in shown} == {
        reader: needed & set(POLICIES) - {"ReportFailure"} for reader, needed in NEEDED_FOR.items()
    }


def test_policies_allow_what_they_are_named_after_and_on_named_resources_only() -> None:
    assert {
        name: {action for statement in found for action in as_list(statement["Action"])}
        for name, found in POLICIES.items()
    } == MAY
    places = [place for found in POLICIES.values() for s in found for place in as_list(s["Resource"])]
    assert "*" not in places


def test_listing_is_bound_to_the_folder_whose_absence_it_tells() -> None:
    listing = {
        name: statement["Condition"]["StringLikeIfExists"]["s3:prefix"]
        for name, found in POLICIES.items()
        for statement in found
        if "s3:ListBucket" in as_list(statement["Action"])
    }
    assert listing == {"ReadModels": {"Fn::Sub": "${ArtifactPrefix}/*"}, "KeepImports": f"{JOBS}*"}


def test_every_function_writes_its_own_log_and_traces() -> None:
    role = EVERY_FUNCTION["Resources"]["Role"]["Properties"]
    assert role["ManagedPolicyArns"] == {
        "Fn::If": ["HasPolicies", {"Ref": "Policies"}, {"Ref": "AWS::NoValue"}]
    }
    (report,) = role["Policies"]
    log, traces = report["PolicyDocument"]["Statement"]
    assert (set(log["Action"]), log["Resource"]) == (WRITE_OWN_LOG, {"Fn::GetAtt": ["LogGroup", "Arn"]})
    assert (set(traces["Action"]), traces["Resource"]) == (SEND_TRACES, "*")


@each_function
def test_variables_are_those_that_the_settings_read(name: str) -> None:
    known = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (settings, web, client))
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


def test_routes_and_their_need_of_a_key_are_those_that_the_handlers_describe() -> None:
    events = [event for f in FUNCTIONS.values() for event in f["Events"].values() if event["Type"] == "Api"]
    deployed = {
        f"{given['Method']} {given['Path']}": given.get("Auth", {}).get("ApiKeyRequired", True)
        for given in (event["Properties"] for event in events)
    }
    described = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    handled = {
        f"{method.upper()} {path}": bool(operation["security"])
        for path, operations in described.items()
        for method, operation in operations.items()
        if operation["operationId"] != "upload"  # the local server stands in for the bucket
    }
    assert handled == deployed, "write docs/openapi.json anew: python -m tests.contract.test_api"
    assert [route for route, needs_key in deployed.items() if not needs_key] == ["GET /health"]
    assert API["Auth"]["ApiKeyRequired"] is True


@pytest.mark.parametrize("bucket", [name for name, _ in resources(STORAGE, "AWS::S3::Bucket")])
def test_bucket_is_kept_private_encrypted_versioned_and_tls_only(bucket: str) -> None:
    assert STORED[bucket]["DeletionPolicy"] == STORED[bucket]["UpdateReplacePolicy"] == "Retain"
    properties = STORED[bucket]["Properties"]
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
    policy = next(p for _, p in resources(STORAGE, "AWS::S3::BucketPolicy") if p["Bucket"] == {"Ref": bucket})
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
    rules = STORED["ArtifactBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    merged = {key: value for rule in rules for key, value in rule.items() if key not in {"Id", "Status"}}
    assert merged == {
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "ExpiredObjectDeleteMarker": True,
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }


def test_what_listeners_did_ages_and_what_they_exclude_does_not() -> None:
    rules = STORED["LakeBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (aging,) = (rule for rule in rules if "ExpirationInDays" in rule)
    assert lake_key([], datetime(2026, 11, 21, tzinfo=UTC)).startswith(aging["Prefix"])
    assert EXCLUSION_PREFIX.startswith(LAKE_PREFIX)
    assert not EXCLUSION_PREFIX.startswith(aging["Prefix"])


def test_uploads_are_deleted_and_every_one_of_them_calls_the_function_that_imports_it() -> None:
    bucket = STORED["UploadBucket"]["Properties"]
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
        "bucket": {"name": [{"Fn::GetAtt": ["Storage", "Outputs.UploadBucket"]}]},
        "object": {"key": [{"prefix": UPLOADS}]},
    }
    assert worker["EventInvokeConfig"]["MaximumRetryAttempts"] + 1 == ATTEMPTS
    assert worker["EphemeralStorage"]["Size"] << 20 > 4 * MOST_BYTES
    assert worker["SnapStart"] == {"ApplyOn": "None"}
    assert ATTEMPTS * worker["Timeout"] < STALE.total_seconds()


def test_imports_take_a_bounded_part_of_the_accounts_concurrency_and_a_failed_one_rings() -> None:
    bound = {"Fn::If": ["BoundsImports", {"Ref": "ImportConcurrency"}, {"Ref": "AWS::NoValue"}]}
    assert FUNCTIONS["ImportWorkerFunction"]["ReservedConcurrentExecutions"] == bound
    assert TEMPLATE["Parameters"]["ImportConcurrency"]["Default"] > 0
    alarm = RESOURCES["ImportDeadLettersAlarm"]["Properties"]
    assert dimensions(alarm) == {"QueueName": {"Fn::GetAtt": ["ImportDeadLetters", "QueueName"]}}
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"


def test_what_is_kept_stays_in_its_stack() -> None:
    """CloudFormation would make a new and empty one, and leave the old one behind."""
    kept = {name for name, found in STORED.items() if found.get("DeletionPolicy") == "Retain"}
    assert kept == {"StateTable", "ArtifactBucket", "LakeBucket", "UploadBucket", "AccessLogBucket"}
    assert RESOURCES["Storage"]["Properties"]["TemplateURL"] == "infra/storage.yaml"


def test_a_nested_stack_is_asked_for_outputs_that_it_has() -> None:
    asked = re.findall(r"\b(\w+)\W+Outputs\.(\w+)", (ROOT / "template.yaml").read_text(encoding="utf-8"))
    assert len(asked) > 50
    assert {
        (stack, output)
        for stack, output in asked
        if output not in (STORAGE if stack == "Storage" else EVERY_FUNCTION)["Outputs"]
    } == set()


@pytest.mark.parametrize(
    "name", sorted(FUNCTIONS.keys() - {"GenrePreferenceFunction", "ImportWorkerFunction"})
)
def test_a_function_costs_few_lines(name: str) -> None:
    """One that is called by more than the API, or is inside a network, says so in more lines."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    stack = name.replace("Function", "Stack")
    (entry,) = re.findall(rf"^  {name}:\n.+?^  {stack}:\n.+?\n\n", text, re.MULTILINE | re.DOTALL)
    assert len([line for line in entry.splitlines() if line]) <= 25


def test_the_stacks_stay_readable() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in TEMPLATES}
    assert lines[ROOT / "template.yaml"] <= 900
    assert sum(lines.values()) <= 1600


def test_state_is_kept_encrypted_recoverable_and_forgets_by_time() -> None:
    table = STORED["StateTable"]
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
