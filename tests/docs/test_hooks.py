"""What is printed into the documentation: columns from the contracts, commands, modules, links."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from matcare.contracts import EMBEDDED, OUTPUTS, Column, Table

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def dictionary(hook):
    return hook("dictionary")


def test_a_column_says_type_unit_missing_allowed_and_source(dictionary):
    table = Table(
        name="made", title="Made <table>", description="One row a thing.", primary_key=("key",),
        columns=(
            Column(name="key", kind="text", description="A & B", required=True, pattern=r"\d{5}", source="somebody"),
            Column(name="share_x", kind="number", description="x", unit="share 0-1", minimum=0, maximum=1),
            Column(name="status", kind="text", description="why", values=("covered", "<none>")),
            Column(name="deaths", kind="integer", description="counted", never_small=True),
        ),
    )  # fmt: skip
    printed = dictionary.printed("made.csv", table)
    assert printed.startswith(
        "## made.csv\n\n**Made &lt;table&gt;.** One row a thing. One row is named by `key`. 4 columns"
    )
    rows = re.findall(r"<tr id=.*", printed)
    assert len(rows) == 4
    assert 'id="made.csv--key"' in rows[0]
    assert "text · never missing" in rows[0]
    assert "A &amp; B" in rows[0]
    assert r"<code>\d{5}</code>" in rows[0]
    assert "somebody" in rows[0]
    assert "number · share 0-1 · may be missing" in rows[1]
    assert "Allowed: 0 to 1<" in rows[1]
    assert "<code>covered</code>, <code>&lt;none&gt;</code>" in rows[2]
    assert "Allowed: 0, or 10 and more" in rows[3]


def test_every_table_that_a_command_writes_is_in_the_dictionary(dictionary):
    """File names in the pipeline that are written with a contract stand in the dictionary's list."""
    written = set()
    for path in (ROOT / "src" / "matcare" / "pipeline").glob("*.py"):
        written |= set(re.findall(r'"([a-z_]+\.csv)": \(', path.read_text(encoding="utf-8")))
    assert len(written) > 10
    listed = {name.partition(" ")[0] for name in dictionary.PLANNING} | set(OUTPUTS)
    assert written <= listed


def test_marks_stand_on_pages(dictionary):
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    assert all(pages.count(mark) == 1 for mark in dictionary.MARKS)


def test_links_to_project_files_lead_to_their_pages(hook):
    links = hook("root_pages").site_links
    assert links("[b](../benchmarks/README.md)", "travel.md") == "[b](benchmarks.md)"
    assert links("[b](../../data/LICENSES.md#sources)", "howto/grant.md") == "[b](../licences.md#sources)"
    assert links("[o](../docs/outcomes.md)", "benchmarks.md") == "[o](outcomes.md)"
    assert links("[l](LICENSES.md)", "data.md") == "[l](licences.md)"
    assert links("![i](../images/map_us.png)", "howto/grant.md") == "![i](../images/map_us.png)"
    assert links("[w](https://example.org/a.md)", "travel.md") == "[w](https://example.org/a.md)"
    assert links("[here](#part)", "travel.md") == "[here](#part)"


def test_links_on_disk_lead_to_files():
    """A reader of the folder, or of a code host, finds what the pages name."""
    missing = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#\s]+\.(?:md|png|svg))(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            built = {"files.md", "data.md", "licences.md", "changelog.md", "benchmarks.md"}
            if "://" not in target and not (page.parent / target).exists() and Path(target).name not in built:
                missing.append(f"{page.relative_to(ROOT)}: {target}")
    assert missing == []


def test_modules_are_public_and_offer_what_they_define(hook, tmp_path):
    modules = hook("modules")
    names = modules.public_modules("measures")
    assert "matcare.measures.rates" in names
    assert not any("._" in name for name in names)
    path = tmp_path / "made.py"
    path.write_text('from x import y\n__all__ = ["y", "z", "W"]\nW: int = 1\ndef z(): ...\n', encoding="utf-8")
    assert modules.offered(path) == ["z", "W"]


def test_commands_say_what_they_take(hook):
    commands = hook("commands")
    found = dict(commands.commands())
    assert {"matcare run", "matcare roads build", "matcare surface zones", "matcare data list"} <= set(found)
    printed = commands.printed("matcare minutes", found["matcare minutes"])
    assert "matcare minutes ORIGINS DESTINATIONS [OPTIONS]" in printed
    assert "<code>--out</code> <var>FILE</var></th>" in printed
    assert "must be given" in printed
    assert "<code>120.0</code>" in printed
    assert "\\[" not in "".join(commands.printed(name, command) for name, command in found.items())


def test_nothing_in_the_tables_of_the_embedded_data_is_lost(dictionary):
    printed = "".join(dictionary.printed(name, table) for name, table in EMBEDDED.items())
    text = html.unescape(printed)
    assert all(
        column.description.replace("`", "") in re.sub("</?code>|<wbr>", "", text)
        for table in EMBEDDED.values()
        for column in table.columns
    )


def test_a_lower_bound_is_said_in_words(dictionary):
    column = Column(name="women", kind="number", description="counted", minimum=0)
    assert "Allowed: 0 or more<" in dictionary.printed(
        "t.csv", Table(name="t", title="", description="", columns=(column,))
    )


def test_text_of_other_tools_is_mended(hook):
    mend = hook("root_pages").on_page_content
    assert mend(":func:<code>~matcare.geo.haversine</code>", None, None, None) == "<code>matcare.geo.haversine</code>"
    assert mend("<code>share_women_within_30_x</code>", None, None, None).count("<wbr>") == 4
