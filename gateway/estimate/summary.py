"""The words of `jnd-gateway estimate`: for whom its pictures are meant, and what they come to."""

from dataclasses import asdict
from typing import Any

from rich import box
from rich.table import Table

from gateway.compression.picture_class import PictureClass
from gateway.estimate.estimator import Estimate
from gateway.estimate.page import money_text, share_text, size_text
from gateway.estimate.totals import Sums, Target, Totals
from gateway.providers.prices import Price, load_prices


class TargetError(ValueError):
    """A target is not written as PROVIDER:MODEL."""


def read_targets(written: list[str], price: float | None) -> tuple[Target, ...]:
    """Read targets as PROVIDER:MODEL; a price of one's own holds for all of them.

    Raises:
        TargetError: One is written otherwise.
        PricesError: The price is no price.
    """
    own = None if price is None else Price(price, "--price", "now")
    prices = load_prices()
    found = []
    for text in written:
        provider, colon, model = text.partition(":")
        if not (colon and provider and model):
            raise TargetError(f"expected PROVIDER:MODEL such as anthropic:claude-sonnet-4-5, got {text!r}")
        found.append(Target(provider, model, own or prices.find(provider, model)))
    return tuple(dict.fromkeys(found))


def summary_line(estimate: Estimate) -> dict[str, Any]:
    """Return the last line of `--json`: the first target's sums, then those of each under `targets`."""
    first = estimate.totals[0]
    return {
        **_sums(first),
        "unchecked": estimate.count_verdicts("unchecked"),
        "flagged": estimate.count_verdicts("imperceptible_edit", "noticeable_edit"),
        "milliseconds_p50": first.milliseconds_p50,
        "milliseconds_p95": first.milliseconds_p95,
        "different": len(estimate.times),
        "unreadable": dict(estimate.unreadable),
        "tier": estimate.tier,
        "targets": [
            {"provider": one.target.provider, "model": one.target.model, **_sums(one)}
            | {"milliseconds_p50": one.milliseconds_p50, "milliseconds_p95": one.milliseconds_p95}
            for one in estimate.totals
        ],
    }


def target_table(estimate: Estimate) -> Table:
    """Lay out what the pictures come to, a row for each target and class."""
    table = Table(box=box.SIMPLE, title=f"What would be saved, tier {estimate.tier}")
    table.add_column("At")
    for heading in ("Pictures", "Bytes", "Saved", "Tokens", "Saved", "1,000 images cost", "Saved"):
        table.add_column(heading, justify="right")
    for one in estimate.totals:
        table.add_row(f"[bold]{one.target.name}[/]", *_cells(one.whole), *money_text(one))
        for kind, sums in one.by_class.items():
            table.add_row(f"  {kind}", *_cells(sums), "", "")
    return table


def _cells(sums: Sums) -> tuple[str, ...]:
    bytes_saved, tokens_saved = share_text(sums)
    sizes = f"{size_text(sums.bytes_in)} → {size_text(sums.bytes_out)}"
    return f"{sums.images:,}", sizes, bytes_saved, f"{sums.tokens_in:,} → {sums.tokens_out:,}", tokens_saved


def _sums(totals: Totals) -> dict[str, Any]:
    by_class: dict[PictureClass, dict[str, int]] = {
        kind: asdict(sums) for kind, sums in totals.by_class.items()
    }
    return {
        **asdict(totals.whole),
        "by_class": by_class,
        "money": totals.money,
        "left_alone": dict(totals.left_alone),
    }
