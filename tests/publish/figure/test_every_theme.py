"""Every theme of the map can be printed, whatever its kind."""

from __future__ import annotations

from PIL import Image

from matcare.publish.figure import draw_figure, figure_themes


def test_every_theme_is_drawn(nation_run, tmp_path):
    ids = [name for name, _ in figure_themes(nation_run) if not name.startswith("chart-")]
    assert len(ids) > 50
    written = draw_figure(nation_run, ids, dpi=72, folder=tmp_path)
    assert [path.name for path in written] == [f"{name}_us.png" for name in ids]
    assert all(Image.open(path).size == (792, 612) for path in written)
