"""Write the dashboards to the files that are committed."""

from pathlib import Path

from grafana.build import built

for name, text in built().items():
    (Path(__file__).parents[1] / "dashboards" / name).write_text(text)
