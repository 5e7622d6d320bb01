"""The notebooks: committed clean, calling the library alone, and true: what they show is what the run's files hold."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import geopandas as gpd
import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient
from typer.main import get_command

from matcare import contracts
from matcare.cli import app
from matcare.contracts import OUTPUTS, SERVICES

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
STEMS = [path.stem for path in NOTEBOOKS]
STATE = "01_state_overview"
SECONDS = 100
"""Processor time of one notebook; the clock shows less on two free cores, and much more on a busy machine."""
LONGEST_CELL = 60
WITH_ITS_RUN = {stem for stem in STEMS if stem[:2] in {"02", "03", "04", "06"}}
"""Notebooks that take the run of the first one."""
RUN = Path("maps") / "nd"


def read(stem):
    return nbformat.read(next(path for path in NOTEBOOKS if path.stem == stem), as_version=4)


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def words_of(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


# As committed


def test_there_is_a_notebook_for_each_job():
    assert [stem.partition("_")[0] for stem in STEMS] == [f"{number:02d}" for number in range(1, 8)]
    listed = re.findall(r"\]\((\d\d_\w+)\.ipynb\)", (NOTEBOOKS[0].parent / "README.md").read_text(encoding="utf-8"))
    assert listed == STEMS, "README.md lists them in their order"


@pytest.mark.parametrize("stem", STEMS)
def test_it_is_committed_without_outputs(stem):
    notebook = read(stem)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in code_of(notebook)), (
        "strip the outputs before committing"
    )
    assert all(not cell.metadata for cell in notebook.cells), "no state of an editor"
    assert [cell.id for cell in notebook.cells] == [f"cell-{at:02d}" for at in range(1, len(notebook.cells) + 1)]


@pytest.mark.parametrize("stem", STEMS)
def test_it_calls_the_library_and_defines_nothing(stem):
    for cell in code_of(read(stem)):
        for node in ast.walk(ast.parse(cell.source)):
            defines = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
            assert not defines, f"a notebook calls the library and defines nothing: {cell.source}"
        assert len(cell.source.splitlines()) <= LONGEST_CELL


@pytest.mark.parametrize("stem", STEMS)
def test_it_imports_in_one_cell(stem):
    importing = [
        cell
        for cell in code_of(read(stem))
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(ast.parse(cell.source)))
    ]
    assert len(importing) == 1
    assert len(ast.parse(importing[0].source).body) <= 20


@pytest.mark.parametrize("stem", STEMS)
def test_it_names_no_place_of_this_machine_and_asks_for_no_network(stem):
    for cell in code_of(read(stem)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.match(r"(/\w|~|[A-Za-z]:\\|\.\./)", node.value.strip()), node.value
        assert not re.search(r"\b(requests|urllib|urlopen|fetch|wget|pip install)\b|shared", cell.source)


@pytest.mark.parametrize("stem", STEMS)
def test_it_says_what_has_to_be_said(stem):
    words = words_of(read(stem))
    assert words.startswith(f"# {int(stem[:2])}. "), "the first cell is its title"
    assert "**The job.**" in words
    assert "**From the command line" in words
    if "close" in stem or stem == STATE:
        assert re.search(r"not evidence\s+that any unit should close", words)
        assert "prenatal and emergency care" in words
    if "county" in stem or stem in {STATE, "06_how_sure_are_we"}:
        assert re.search(r"places, not persons", words.replace("*", ""))
        assert "never" in words.lower()
        assert "not zero" in words or "as zero" in words or "no number" in words
    if "own_data" in stem or "country" in stem:
        assert "made up" in words


def command_of(text):
    """The command that a line of Markdown quotes, and the options that it gives."""
    command, parts = get_command(app), text.split()[1:]
    while parts and hasattr(command, "commands") and parts[0] in command.commands:
        command = command.commands[parts.pop(0)]
    return command, [part.partition("=")[0] for part in parts if re.fullmatch(r"-{1,2}[a-z][a-z-]*(=.*)?", part)]


@pytest.mark.parametrize("stem", STEMS)
def test_commands_that_it_quotes_exist(stem):
    quoted = re.findall(r"`(matcare [^`]*)`", words_of(read(stem)).replace("\n", " "))
    assert quoted
    for text in quoted:
        command, given = command_of(text)
        assert not hasattr(command, "commands"), f"no such command: {text}"
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        assert set(given) <= known, f"{text}: {set(given) - known}"


@pytest.mark.parametrize("stem", STEMS)
def test_columns_and_files_that_its_words_name_exist(stem):
    words = words_of(read(stem))
    tables = [value for value in vars(contracts).values() if isinstance(value, contracts.Table)]
    columns = [column for table in (*tables, *OUTPUTS.values()) for column in table.columns]
    known = {column.name for column in columns} | {str(value) for column in columns for value in column.values or ()}
    known |= {
        *SERVICES,
        "access_results",
        "load",
        "p05",
        "p95",
        "share_within_T",
        "mean_minutes",
        "beyond_limit",
        "no_data",
    }
    named = set(re.findall(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`", words))
    assert named <= known, named - known
    for name in re.findall(r"`([a-z_]+\.(?:csv|parquet|gpkg|html|json))`", words):
        assert name in {*OUTPUTS, "counties.gpkg", "map.html", "run.json", "dictionary.csv"}, name
    for name in re.findall(r"`docs/(\w+\.md)`", words):
        assert (NOTEBOOKS[0].parents[1] / "docs" / name).is_file(), name


# As executed: once each, in one folder, so that they share the run that the first one makes

LOOKED_AT = {
    STATE: (
        "{'title': results.title, 'minutes': counties.set_index('county_fips')['minutes_birth_care'].round(2).to_dict(),"
        " 'within': access['within_60'].tolist(), 'classes': classes['counties'].tolist(),"
        " 'imr': sorted(published['county_name'])}"
    ),
    "02_county_case_for_a_grant": (
        "{'code': code, 'minutes': compared['minutes'].loc[SERVICES['birth_care']].to_dict(), 'status': here['imr_status'],"
        " 'rates': reference['imr'].to_dict(), 'sources': list(sources.index)}"
    ),
    "03_what_if_a_unit_closes": (
        "{'affected': touched['women_affected'].sum(), 'first': touched.iloc[0]['county_name'],"
        " 'lines': list(closure.lines), 'winter': winter.tables['comparison.csv'][1]['women_newly_beyond_60'].sum()}"
    ),
    "04_where_to_add_care": (
        "{'frontier': frontier.tolist(), 'sites': sites['women_newly_within'].tolist(),"
        " 'newly': by_county['women_newly_within'].sum(), 'floor': kept['births_nearest_per_year'].min(),"
        " 'raised': raised['action'].tolist()}"
    ),
    "05_bring_your_own_data": (
        "{'status': counties.set_index('county_name')['imr_status'].to_dict(),"
        " 'deaths': counties.set_index('county_name')['infant_deaths'].dropna().to_dict(),"
        " 'class': changed.counties.set_index('county_name')['march_of_dimes_class'].to_dict(),"
        " 'corrections': list(changed.corrections), 'minutes': minutes.to_dict(), 'left': Path.cwd().exists()}"
    ),
    "06_how_sure_are_we": (
        "{'readings': shares.to_dict(), 'order': shown['live_births'].tolist(), 'status': shown['imr_status'].tolist(), 'one': len(one),"
        " 'draws': int(drawn['draws'].iloc[0]), 'p': drawn.set_index('county_fips')['p_march_of_dimes_desert'].to_dict()}"
    ),
    "07_another_country": (
        "{'people': by_zone['people'].sum(), 'raster': float(people.sum()), 'within': by_zone['share_within_120'].to_dict(),"
        " 'three': compared['with_three'].to_dict(), 'most': float(np.nanmax(minutes)),"
        " 'barrier': float(np.isnan(minutes[river]).mean())}"
    ),
}
"""Expressions of what a test looks at, evaluated at the end of a notebook."""


class Executed:
    """Notebooks executed in one folder, each once; the first one first, since its run serves the others."""

    def __init__(self, folder):
        self.folder = folder
        self.done = {}

    def __call__(self, stem):
        if stem not in self.done:
            if stem in WITH_ITS_RUN:
                self(STATE)
            notebook = read(stem)
            probe = f"import json, time\nprint(json.dumps([{LOOKED_AT[stem]}, time.process_time()], default=float))"
            notebook.cells.append(nbformat.v4.new_code_cell(probe))
            resources = {"metadata": {"path": str(self.folder)}}
            NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
            self.done[stem] = notebook, *json.loads(notebook.cells.pop().outputs[0]["text"])
        return self.done[stem]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.setenv(name, "http://127.0.0.1:9")  # nobody listens: a request would fail
        patch.delenv("MPLBACKEND", raising=False)
        yield Executed(tmp_path_factory.mktemp("notebooks"))


def printed(notebook):
    """All that its cells print and show, as text."""
    outputs = [output for cell in code_of(notebook) for output in cell.outputs]
    return "\n".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.mark.parametrize("stem", STEMS)
def test_it_runs_and_every_cell_shows_something(stem, executed):
    notebook, _, seconds = executed(stem)
    outputs = [output for cell in code_of(notebook) for output in cell.outputs]
    assert not any(output.output_type == "error" for output in outputs)
    assert any("image/png" in output.get("data", {}) for output in outputs), "the figure is missing"
    assert any("<table" in output.get("data", {}).get("text/html", "") for output in outputs), "the tables are missing"
    for cell in code_of(notebook):
        last = ast.parse(cell.source).body[-1]
        if not isinstance(last, ast.Expr) or re.search(r"\.(close|cleanup)\(\)|to_file\(|chdir\(", ast.unparse(last)):
            continue
        shown = [
            output for output in cell.outputs if output.output_type in {"execute_result", "display_data", "stream"}
        ]
        assert shown, f"shows nothing: {cell.source}"
        for output in shown:
            text = output.get("text", "") or output.get("data", {}).get("text/plain", "")
            assert text.strip()
            assert "Empty DataFrame" not in text, cell.source
    assert seconds < SECONDS


@pytest.mark.parametrize("stem", STEMS)
def test_it_warns_of_nothing_and_names_no_place_of_this_machine(stem, executed):
    notebook, _, _ = executed(stem)
    for cell in code_of(notebook):
        for output in cell.outputs:
            if output.output_type == "stream":
                assert output.name == "stdout", output.text
                assert str(executed.folder) not in output.text
                assert "matcare-example-" not in output.text


def test_figures_are_not_blank(executed):
    for stem in STEMS:
        for cell in code_of(executed(stem)[0]):
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    assert len(output["data"]["image/png"]) > 8_000, stem


def test_the_state_overview_shows_the_numbers_of_its_files(executed):
    notebook, found, _ = executed(STATE)
    folder = executed.folder / RUN
    counties = pd.read_csv(folder / "counties.csv", dtype={"county_fips": "str"}).set_index("county_fips")
    assert found["title"] == "North Dakota"
    assert found["minutes"] == pytest.approx(counties["minutes_birth_care"].to_dict())
    points = pd.read_parquet(folder / "block_groups.parquet")
    women = points["women_15_44"]
    for service, share in zip(SERVICES, found["within"], strict=True):
        near = points[f"minutes_{service}"].le(60).fillna(False).astype("bool")
        assert share == pytest.approx(women[near].sum() / women.sum(), abs=1e-4)
    assert sum(found["classes"]) == len(counties)
    published = counties[counties["imr_status"].isin(["published", "published_unreliable", "apportioned"])]
    assert found["imr"] == sorted(published["county_name"])
    assert f"facility data to {counties['data_date'].iloc[0]}" in printed(notebook)
    assert (folder / "map.html").is_file()


def test_the_case_for_a_grant_holds_the_countys_own_numbers(executed):
    notebook, found, _ = executed("02_county_case_for_a_grant")
    folder = executed.folder / "maps"
    counties = pd.read_csv(folder / "nd" / "counties.csv", dtype={"county_fips": "str"}).set_index("county_fips")
    here = counties.loc[found["code"]]
    assert found["minutes"]["county"] == pytest.approx(here["minutes_birth_care"], abs=0.01)
    assert found["status"] == here["imr_status"] == "modelled"
    assert set(found["rates"]) == {"US", "ND"}
    assert "census_agesex_2023" in found["sources"]
    assert next((folder / "briefs").glob(f"*{found['code']}*.html")).stat().st_size > 10_000
    assert (folder / f"bundle-{found['code']}.zip").stat().st_size > 50_000
    assert f"Women 15-44: {here['women_15_44']:,.0f}" in printed(notebook)


def test_a_closure_is_the_one_of_the_fragility_list(executed):
    notebook, found, _ = executed("03_what_if_a_unit_closes")
    fragility = pd.read_csv(executed.folder / RUN / "fragility.csv", dtype={"facility_id": "str"})
    row = fragility.set_index("facility_id").loc["351334"]
    written = pd.read_csv(executed.folder / "maps" / "close-351334" / "closures.csv")
    assert found["affected"] == pytest.approx(row["women_nearest"], abs=1)
    assert written["women_newly_beyond_60"].sum() == pytest.approx(row["women_newly_beyond_60"], abs=1)
    assert found["first"] == "Williams County"
    assert all(line in printed(notebook) for line in found["lines"])
    assert found["winter"] > row["women_newly_beyond_60"], "winter and the closure are more than the closure"
    assert "not evidence that any unit should close" in printed(notebook)


def test_each_further_site_adds_and_a_floor_is_kept(executed):
    _, found, _ = executed("04_where_to_add_care")
    points = pd.read_parquet(executed.folder / RUN / "block_groups.parquet")
    women = points["women_15_44"]
    today = women[points["minutes_birth_care"].le(60).fillna(False).astype("bool")].sum() / women.sum()
    assert found["frontier"][0] == pytest.approx(today, abs=1e-4)
    assert np.all(np.diff(found["frontier"]) > 0)
    assert sum(found["sites"]) == pytest.approx(found["newly"], rel=1e-6)
    assert found["floor"] >= 100
    assert found["raised"] == ["upgrade"]


def test_own_data_take_their_place_and_nothing_masked_comes_out(executed):
    notebook, found, _ = executed("05_bring_your_own_data")
    status = found["status"]
    assert status["Davis County"] == status["Weber County"] == "suppressed"
    assert status["Salt Lake County"] == "published"
    assert set(found["deaths"]) == {"Salt Lake County", "Utah County"}
    assert found["class"]["Carbon County"] != "full"
    assert found["class"]["Emery County"] == "full", "a hospital and a birth center are two units"
    assert any("460011" in text for text in found["corrections"])
    assert found["minutes"]["bridge closed"]["south clinic"] > 2 * found["minutes"]["bridge open"]["south clinic"]
    assert found["minutes"]["bridge closed"]["north clinic"] == found["minutes"]["bridge open"]["north clinic"]
    assert found["left"], "the working folder still stands once the made files are gone"
    assert "no facility is called '460012'" in printed(notebook)


def test_certainty_is_the_runs_own_and_no_county_stands_by_its_modelled_rate(executed):
    _, found, _ = executed("06_how_sure_are_we")
    coverage = pd.read_csv(executed.folder / RUN / "coverage.csv")
    rows = coverage.query("scope == 'state' and risk_group == 'high' and arrangement == 'unit' and limit_minutes == 60")
    assert sorted(found["readings"].values()) == pytest.approx(sorted(rows["share_women_within"]))
    assert found["readings"]["every level one too high"] <= found["readings"]["as reported"]
    assert found["readings"]["as reported"] <= found["readings"]["NICUs of unknown level count"]
    assert found["order"] == sorted(found["order"]), "in the order of births, not of rates"
    assert "modelled" not in found["status"], "no picture of modelled rates side by side"
    assert found["one"] == 1, "a modelled rate is looked at alone"
    counties = pd.read_csv(executed.folder / RUN / "counties.csv", dtype={"county_fips": "str"})
    kept = counties.set_index("county_fips")["p_march_of_dimes_desert"]
    if found["draws"] == 200:
        assert np.abs(pd.Series(found["p"]) - kept).max() < 0.15, "the kept draws say much the same"


def test_another_country_adds_up(executed):
    _, found, _ = executed("07_another_country")
    assert found["people"] == pytest.approx(found["raster"], rel=1e-4)
    assert all(0 <= share <= 1 for share in found["within"].values())
    assert all(found["three"][name] >= found["within"][name] - 1e-9 for name in found["within"])
    assert found["three"]["North-West"] > found["within"]["North-West"] + 0.02
    assert found["most"] <= 240
    assert 0.9 < found["barrier"] < 1, "the river is a barrier but for the bridge"


def test_the_same_inputs_give_the_same_tables(executed):
    """Two notebooks look at one county: its minutes are the same in both, and in the run's file."""
    _, overview, _ = executed(STATE)
    _, grant, _ = executed("02_county_case_for_a_grant")
    assert overview["minutes"][grant["code"]] == pytest.approx(grant["minutes"]["county"], abs=0.01)


def test_shapes_of_the_run_stand_for_every_county(executed):
    executed(STATE)
    shapes = gpd.read_file(executed.folder / RUN / "counties.gpkg")
    assert shapes.geometry.notna().all()
