"""What the documents say is so: links, paths, commands, settings, errors, terms."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from segue import errors
from segue.artifacts.family import VARIANTS
from segue.artifacts.manifest import SCHEMA_VERSION, canonical_json
from segue.serving.api import telemetry
from segue.serving.api.problem import STATUS
from tests.architecture.test_errors import CLASSES
from tests.architecture.tree import CODE, ROOT, committed, modules, name_of
from training.trainers import TRAINERS

DOCUMENTS = [path for path in committed() if path.suffix == ".md"]
MAKEFILES = [ROOT / "Makefile", ROOT / "build.mk"]

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)


def read(path: Path | str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """Cells of every table row, the header's included, without the lines that rule it off."""
    found = re.findall(r"^\|(.+)\|$", text, re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in found if not set(row) <= set("-:| ")]


def code_spans(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def prose(text: str) -> str:
    """Return the text without its code blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The names that headings can be linked to by."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


# --- links and paths ---------------------------------------------------------------------------------


@each_document
def test_relative_links_resolve(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]+`", "", prose(read(path))))
    broken = [link for link in links if not re.match(r"\w+:", link) and not resolves(path, link)]
    assert broken == []


def resolves(source: Path, link: str) -> bool:
    target, _, anchor = link.partition("#")
    place = source.parent / unquote(target) if target else source
    return place.exists() and (not anchor or anchor in anchors(read(place)))


PACKAGE = ROOT / "src" / "segue"
FOLDERS = {
    name.relative_to(place).parts[0]
    for place in (ROOT, PACKAGE)
    for name in committed()
    if name.is_relative_to(place) and len(name.relative_to(place).parts) > 1
}


@each_document
def test_paths_in_code_spans_exist(path: Path) -> None:
    """A span that starts with a folder of the repository or of the package, and is no pattern, is a path."""
    spans = [span for span in code_spans(prose(read(path))) if re.fullmatch(r"[\w./-]+", span)]
    ours = [span for span in spans if "/" in span and span.split("/")[0] in FOLDERS]
    assert [span for span in ours if not (ROOT / span).exists() and not (PACKAGE / span).exists()] == []


@each_document
def test_dotted_names_exist(path: Path) -> None:
    """A name such as segue.domain.vector.top_n.top_n is a module of ours, or what a module defines."""
    ours = rf"(?<![\w./-])(?:segue|{'|'.join(CODE[1:])}|tests)(?:\.\w+)+"
    assert [name for name in re.findall(ours, read(path)) if not is_defined(name)] == []


@each_document
def test_functions_in_code_spans_exist(path: Path) -> None:
    called = re.findall(r"`(\w+_\w+)\((?!s\))", prose(read(path)))
    code = "\n".join(each.read_text(encoding="utf-8") for each in modules(*CODE)) if called else ""
    assert [name for name in called if not re.search(rf"\bdef {name}\b", code)] == []


def is_defined(name: str) -> bool:
    first, *parts = name.split(".")
    place = PACKAGE if first == "segue" else ROOT / first
    while parts and ((place / parts[0]).is_dir() or (place / f"{parts[0]}.py").is_file()):
        place /= parts.pop(0)
    module = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
    text = module.read_text(encoding="utf-8") if module.is_file() else ""
    known = r"^ *(?:(?:class|def) {0}\b|{0}\b.*[:=]|from .* import .*\b{0}\b)"
    return all(re.search(known.format(part), text, re.MULTILINE) for part in parts)


def test_every_folder_of_the_readme_exists() -> None:
    table = rows(read("README.md").partition("## Folders")[2])
    spans = [span for first, *_ in table[1:] for span in code_spans(first)]
    assert len(spans) > 10
    assert [span for span in spans if not (ROOT / span).exists()] == []


# --- commands ----------------------------------------------------------------------------------------


def targets() -> dict[str, bool]:
    """Every target of `make`, and whether `make help` lists it."""
    found = re.findall(r"^([a-zA-Z-]+):(?!=)(.*)$", "\n".join(map(read, MAKEFILES)), re.MULTILINE)
    merged: dict[str, bool] = {}
    for name, rest in found:
        merged[name] = merged.get(name, False) or "##" in rest
    return merged


def made(text: str) -> set[str]:
    """Targets that a document's code names, as in `make check test STORE=…`."""
    code = [*re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL), *code_spans(prose(text))]
    calls = re.findall(r"(?:^|[\s;&`])make((?:[ \t]+[a-z][\w-]*(?![\w=]))+)", "\n".join(code), re.MULTILINE)
    return {word for call in calls for word in call.split()}


def test_every_make_target_is_described() -> None:
    listed = {name for name, has_help in targets().items() if has_help}
    assert {"run", "test", "build"} <= listed
    assert listed - {"help"} - made(read("README.md")) - made(read("CONTRIBUTING.md")) == set()


@each_document
def test_every_make_command_exists(path: Path) -> None:
    assert made(read(path)) - targets().keys() == set()


@pytest.fixture(scope="module")
def segue() -> Any:
    """The command as Typer builds it, with all of its commands, which takes its time."""
    from typer import Context
    from typer.main import get_command

    from segue.cli import app

    command = get_command(app)
    assert command.get_command(Context(command), "no such command") is None
    return command


CALL = re.compile(r"(?:^|[\s`/])segue((?: [a-z][\w-]*)+)([^`\n|]*)", re.MULTILINE)


@each_document
def test_every_segue_command_exists(path: Path, segue: Any) -> None:
    assert [f"segue{words}" for words, _ in CALL.findall(read(path)) if find(segue, words) is None] == []


@each_document
def test_every_option_of_a_segue_command_exists(path: Path, segue: Any) -> None:
    joined = read(path).replace("\\\n", " ")
    text = "\n".join(
        [*re.findall(r"^```.*?^```", joined, re.MULTILINE | re.DOTALL), *code_spans(prose(joined))]
    )
    unknown = []
    for words, rest in CALL.findall(text):
        command = find(segue, words)  # a group where a document leaves the name of the command open
        known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
        unknown += [
            f"segue{words} {name}"
            for name in re.findall(r" (--[a-z-]+)", rest)
            if name not in known and not hasattr(command, "commands")
        ]
    assert unknown == []


def find(command: Any, words: str) -> Any:
    """Return the command of some words, which may be followed by arguments; None if there is none."""
    for word in words.split():
        if not hasattr(command, "commands"):
            break
        if word not in command.commands:
            return None
        command = command.commands[word]
    return command


def test_the_runbook_lists_every_trainer_with_what_it_needs() -> None:
    table = [row for row in rows(read("docs/runbooks/new-training.md")) if row[0].startswith("`segue ")]
    assert table == [
        [
            f"`segue {each.command}`",
            each.reads,
            f"`{each.family}`" + (" and all that it pins" if len(each.families) > 1 else ""),
            "; ".join(f"`{asked.metric}` of {asked.of}, margin {asked.margin:g}" for asked in each.criteria),
            str(each.recipe),
            f"{each.resources.vcpu} vCPU, {each.resources.memory_gib} GiB, {each.resources.gpu} GPU, "
            f"{each.resources.minutes} minutes",
        ]
        for each in TRAINERS
    ]


# --- errors ------------------------------------------------------------------------------------------


def code_and_status(name: str) -> tuple[str, int]:
    kind: type[errors.SegueError] = getattr(errors, name)
    return kind.code, next(STATUS[above] for above in kind.__mro__ if above in STATUS)


def test_every_error_is_documented_with_its_status() -> None:
    table = {
        row[0].strip("`"): (row[1].strip("`"), int(row[2]))
        for row in rows(read("docs/errors.md"))
        if len(row) == 5 and row[0] != "class"
    }
    assert table == {name: code_and_status(name) for name in CLASSES}


def test_every_error_that_is_raised_has_a_remedy() -> None:
    empty = {row[0].strip("`") for row in rows(read("docs/errors.md")) if len(row) == 5 and not row[4]}
    source = "\n".join(path.read_text(encoding="utf-8") for path in modules("src", "training", "functions"))
    assert {name for name in empty if re.search(rf"raise {name}\b", source)} == set()


# --- settings and metrics ----------------------------------------------------------------------------


def settings_documented() -> set[str]:
    return set(re.findall(r"`([A-Z][A-Z_0-9]+)`", read("docs/settings.md")))


def settings_used() -> set[str]:
    code = [*modules("src", "training", "functions", "benchmarks"), *MAKEFILES, ROOT / "template.yaml"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in code)
    used = re.findall(r"\b(?:SEGUE_[A-Z_0-9]*[A-Z0-9]|ORT_[A-Z_]+|AWS_ENDPOINT_URL|AWS_REGION)\b", text)
    tests = "\n".join(path.read_text(encoding="utf-8") for path in modules("tests"))
    return {*used, *re.findall(r"\bSEGUE_(?:TEST_[A-Z0-9_]*[A-Z0-9]|DATA_DIR)\b", tests)}


def test_every_setting_is_documented() -> None:
    assert "SEGUE_ARTIFACTS" in settings_used()
    assert settings_used() - settings_documented() == set()


def test_every_documented_setting_is_used() -> None:
    ours = {name for name in settings_documented() if name.startswith("SEGUE_")}
    assert ours - settings_used() == set()


def test_every_variable_of_the_template_is_documented() -> None:
    given = set(re.findall(r"\b((?:SEGUE|AWS|POWERTOOLS|ORT)_[A-Z_]+): ", read("template.yaml")))
    assert given
    assert given - settings_documented() == set()


def test_every_metric_is_documented() -> None:
    names = {value for name, value in vars(telemetry).items() if name.isupper() and isinstance(value, str)}
    assert telemetry.ARTIFACT_REFRESH_FAILED in names
    assert names - set(code_spans(read("docs/settings.md"))) == set()


# --- variants ----------------------------------------------------------------------------------------


def test_every_variant_of_the_clusters_is_described() -> None:
    table = rows(read("docs/clusters.md").partition("## Variants")[2].partition("## ")[0])
    assert tuple(code_spans(first)[0] for first, *_ in table[1:]) == VARIANTS


# --- terms, decisions, format ------------------------------------------------------------------------


def test_every_term_of_the_glossary_is_in_the_code() -> None:
    terms = [span for first, *_ in rows(read("docs/glossary.md")) for span in code_spans(first)]
    code = [*modules("src", "training", "functions", "infra"), ROOT / "template.yaml"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in code)
    assert len(terms) > 30
    assert [term for term in terms if not re.search(as_used(term), text)] == []
    assert sorted(set(terms)) == sorted(terms)


def as_used(term: str) -> str:
    """A suffix ends a name; a word may be a part of one, as in load_ or answered_by."""
    return rf"\w{term}\b" if term.startswith("_") else rf"(?<![A-Za-z]){term}(?![A-Za-z])"


DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why_and_when_to_think_again(path: Path) -> None:
    headings = re.findall(r"^## (.+)$", read(path), re.MULTILINE)
    assert headings == ["Context", "Decision", "Measurement", "Consequences", "Revisit when"]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.stem[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_every_decision_that_is_cited_exists() -> None:
    cited = {
        (name_of(path), number)
        for path in [*modules("src", "training", "functions", "infra"), *DOCUMENTS]
        for number in re.findall(r"\badr/(\d{4})", path.read_text(encoding="utf-8"))
    }
    numbers = {path.stem[:4] for path in DECISIONS}
    assert {(name, number) for name, number in cited if number not in numbers} == set()


def test_the_format_shows_golden_files_and_their_form_is_canonical() -> None:
    shown = re.findall(r"^```json\n(.+?)\n```$", read("docs/artifact-format.md"), re.MULTILINE | re.DOTALL)
    golden = ROOT / "tests" / "golden" / f"v{SCHEMA_VERSION}"
    stored = {path.read_bytes() for path in golden.rglob("*.json")}
    assert len(shown) == 2
    assert [text for text in shown if canonical_json(json.loads(text)) not in stored] == []
