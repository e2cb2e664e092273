"""The pinned versions against the public databases of vulnerabilities: `make audit`.

Ends with 1 where one is known, and says plainly what was not audited: where the databases cannot be reached that is
everything, and with AUDIT_REQUIRED=1 that ends with 1 as well.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PIP_AUDIT = "pip-audit==2.10.1"
OPTIONS = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json")


def verdict(dependencies: list[dict[str, Any]], *, is_required: bool) -> tuple[int, list[str]]:
    """The exit status and what to print of pip-audit's findings."""
    found = [
        f"VULNERABLE: {each['name']} {each['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or '-'}"
        for each in dependencies
        for flaw in each.get("vulns", ())
    ]
    skipped = [each["name"] for each in dependencies if "skip_reason" in each]
    audited = len(dependencies) - len(skipped)
    lines = [*found, f"audited {audited} of {len(dependencies)} packages, {len(found)} known vulnerabilities"]
    if skipped:
        names = ", ".join(skipped) if audited else "any of them"
        lines.append(f"NOT AUDITED, the database does not answer for {names}")
    return int(bool(found) or (is_required and (bool(skipped) or not dependencies))), lines


def main() -> int:
    """Run pip-audit in an environment of its own."""
    is_required = os.environ.get("AUDIT_REQUIRED") == "1"
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv), "tool", "run", PIP_AUDIT, "--requirement", str(HERE / "constraints.txt"), *OPTIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"NOT AUDITED: pip-audit ended with {done.returncode}: {last}")
        return int(is_required)
    status, lines = verdict(dependencies, is_required=is_required)
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
