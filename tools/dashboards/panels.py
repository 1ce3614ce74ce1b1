"""What dashboards are built of: panels in the house's look, what they mean, where to read on."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, Literal

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import prometheus as prometheus_models

Kind = Literal["stat", "lines", "bars", "table"]

SOURCE = models.DataSourceRef(type_val="prometheus", uid="prometheus")
REVIEW = "${review_url}/review"
_HEIGHTS: dict[Kind, int] = {"stat": 4, "lines": 8, "bars": 8, "table": 8}
_BUILDERS = {
    "stat": stat.Panel,
    "lines": timeseries.Panel,
    "bars": bargauge.Panel,
    "table": table.Panel,
}


@dataclass(frozen=True)
class Series:
    """One query and how its series are called."""

    expression: str
    legend: str = "__auto"


@dataclass(frozen=True)
class Panel:
    """One panel: what it shows, in which form, and where to go from there."""

    kind: Kind
    title: str
    text: str  # what it means, for whoever asks
    series: tuple[Series, ...]
    unit: str = "short"
    width: int = 8  # of 24
    runbook: str = ""  # name of an alert
    review: str = ""  # query of the review page: a click on a series leads there
    steps: tuple[tuple[float | None, str], ...] = ()  # from which value on which colour
    columns: tuple[str, ...] = ()  # of a table: names of its queries' values
    most: float | None = None  # the end of a scale that has one
    decimals: int | None = None
    is_named: bool = False  # a number with the name of its series


def rates(metric: str, by: str, where: str = "", *, or_nothing: bool = False) -> str:
    """Return the query for how often something happens, per second, by these labels."""
    total = f"sum by ({by})" if by else "sum"
    query = f"{total} (rate({metric}{{{where}}}[$__rate_interval]))".replace("{}", "")
    return f"{query} or vector(0)" if or_nothing else query


def quantile(share: float, histogram: str, by: str = "") -> str:
    """Return the query for a quantile of a histogram."""
    labels = ", ".join(filter(None, ["le", by]))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({histogram}_bucket[$__rate_interval])))"


def build(title: str, uid: str, text: str, panels: Sequence[Panel], since: str = "now-1h") -> Any:
    """Return a dashboard in the form Grafana's provisioning reads."""
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(text)
        .tags(["jnd"])
        .readonly()
        .time(since, "now")
        .refresh("10s" if since == "now-1h" else "5m")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(_models_variable())
        .with_variable(_text_variable("review_url", "Review page", "http://localhost:9190"))
        .with_variable(_text_variable("runbooks", "Runbooks", "/public/runbooks"))
        .link(_dashboards_link())
        .annotation(_alerts())
    )
    for number, panel in enumerate(panels, start=1):
        made = made.with_panel(_panel(panel, number))
    return made.build()


def _panel(panel: Panel, number: int) -> Any:
    made = (
        _BUILDERS[panel.kind]()
        .id(number)
        .title(panel.title)
        .description(panel.text)
        .datasource(SOURCE)
        .unit(panel.unit)
        .span(panel.width)
        .height(_HEIGHTS[panel.kind])
        .targets(
            [
                _target(each, panel.kind, name)
                for each, name in zip(panel.series, ascii_uppercase, strict=False)
            ]
        )
    )
    if panel.most is not None:
        made = made.max(panel.most)
    if panel.decimals is not None:
        made = made.decimals(panel.decimals)
    if panel.kind != "table":
        made = made.min(0)
    if panel.steps:
        made = made.thresholds(_thresholds(panel.steps))
    if panel.runbook:
        url = f"${{runbooks}}/{panel.runbook}.md"
        made = made.links([_link(f"Runbook: {panel.runbook}", url)])
    if panel.review:
        made = made.data_links([_link("Look at the pictures", f"{REVIEW}?{panel.review}")])
    return _look(made, panel)


def _look(made: Any, panel: Panel) -> Any:
    last = common.ReduceDataOptions().calcs(["lastNotNull"])
    if panel.kind == "stat":
        made = made.reduce_options(last).graph_mode(common_models.BigValueGraphMode.NONE)
        named = common_models.BigValueTextMode.VALUE_AND_NAME
        return made.text_mode(named) if panel.is_named else made
    if panel.kind == "bars":
        horizontal = common_models.VizOrientation.HORIZONTAL
        return made.reduce_options(last).orientation(horizontal).show_unfilled(True)
    if panel.kind == "table":
        return _as_one_table(made, panel)
    legend = common.VizLegendOptions().show_legend(True).placement(common_models.LegendPlacement.BOTTOM)
    return (
        made.legend(legend.display_mode(common_models.LegendDisplayMode.LIST)).fill_opacity(10).line_width(1)
    )


def _as_one_table(made: Any, panel: Panel) -> Any:
    hidden = {"Time": True, "instance": True, "job": True, "__name__": True}
    values = [f"Value #{letter}" for letter in ascii_uppercase[: len(panel.series)]]
    names = dict(zip(values if len(values) > 1 else ["Value"], panel.columns, strict=False))
    organised = {"excludeByName": hidden, "renameByName": names}
    return made.with_transformation(
        models.DataTransformerConfig(id_val="merge", options={})
    ).with_transformation(models.DataTransformerConfig(id_val="organize", options=organised))


def _target(series: Series, kind: Kind, name: str) -> Any:
    query = prometheus.Dataquery().ref_id(name).expr(series.expression).legend_format(series.legend)
    query = query.datasource(SOURCE)
    if kind == "lines":
        return query.range()
    if kind == "table":
        return query.instant().format(prometheus_models.PromQueryFormat.TABLE)
    return query.instant()


def _thresholds(steps: Sequence[tuple[float | None, str]]) -> Any:
    found = [models.Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(found)


def _link(title: str, url: str) -> Any:
    return dashboard.DashboardLink(title).url(url).type(models.DashboardLinkType.LINK).target_blank(True)


def _dashboards_link() -> Any:
    kind = models.DashboardLinkType.DASHBOARDS
    return dashboard.DashboardLink("JND").type(kind).tags(["jnd"]).keep_time(True).include_vars(True)


def _models_variable() -> Any:
    return (
        dashboard.QueryVariable("model")
        .label("Model")
        .datasource(SOURCE)
        .query({"query": "label_values(jnd_images_total, model)", "refId": "model"})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .include_all(True)
        .all_value(".*")
        .multi(True)
        .current(models.VariableOption(selected=True, text="All", value="$__all"))
    )


def _text_variable(name: str, label: str, value: str) -> Any:
    chosen = models.VariableOption(selected=True, text=value, value=value)
    return dashboard.TextBoxVariable(name).label(label).default_value(value).current(chosen)


def _alerts() -> Any:
    found = dashboard.AnnotationQuery().name("Alerts").datasource(SOURCE).enable(True).icon_color("red")
    return found.expr('ALERTS{alertname=~"Jnd.*",alertstate="firing"}')
