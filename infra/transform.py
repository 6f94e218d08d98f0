"""Write the CloudFormation that SAM makes of template.yaml, offline.

Generated roles, policies and the API's stage are visible only there, so the security checks read it too.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from samtranslator.parser.parser import Parser  # type: ignore[import-not-found]  # it lives in .venv-sam
from samtranslator.translator.translator import Translator  # type: ignore[import-not-found]

from infra.template import FUNCTION, LAYER, load, resources


def transform(template: Path) -> dict[str, object]:
    """Return the CloudFormation template as nested plain values.

    Local folders become a made-up S3 address: the translator wants packaged code, and no check reads it.
    """
    source = load(template)
    for kind, key in ((FUNCTION, "CodeUri"), (LAYER, "ContentUri")):
        for _, properties in resources(source, kind):
            properties[key] = "s3://packaged-later/code.zip"
    defaults = {name: parameter["Default"] for name, parameter in source["Parameters"].items()}
    # No managed policies to look up: every function has a role written out in the template.
    translator = Translator({}, Parser())
    translated: dict[str, object] = translator.translate(source, defaults)
    return translated


def main() -> None:
    """Transform template.yaml into the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("into", type=Path)
    into: Path = parser.parse_args().into
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(json.dumps(transform(Path("template.yaml")), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
