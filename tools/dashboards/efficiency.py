"""The dashboard for whoever pays: bytes, tokens and money saved, by client, and which answers change."""

from typing import Any

from tools.dashboards.panels import Panel, Series, build, rates

_MODEL = 'model=~"$model"'
_MONEY = (
    "By your own prices of input tokens (`prices.per_million`), else by the list in "
    "`gateway/providers/prices.json`, which knows no discount; in the currency of `prices.currency`."
)
_CHANGED = 'jnd_client_shadow_audits_total{result="changed"}'
_ASKED = 'jnd_client_shadow_audits_total{result=~"same|changed|noise"}'


def _in_range(metric: str, by: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} (increase({metric}[$__range]))"


PANELS = (
    Panel(
        "stat",
        "Money saved",
        f"What image tokens that were not sent would have cost, in the chosen time. {_MONEY}",
        (Series(_in_range("jnd_client_money_saved_total", "currency"), "{{currency}}"),),
        unit="none",
        width=6,
        is_named=True,
    ),
    Panel(
        "stat",
        "Answers that changed",
        "Share of audited requests whose answer was another with the original pictures, beyond the "
        "model's own repeat "
        "noise, in the chosen time; 0 where nobody was asked (compression.shadow_audit).",
        (Series(f"{_in_range(_CHANGED)} / ({_in_range(_ASKED)} > 0) or vector(0)"),),
        unit="percentunit",
        width=6,
        runbook="JndAnswersChange",
        steps=((None, "green"), (0.02, "orange"), (0.05, "red")),
    ),
    Panel(
        "stat",
        "Tokens saved",
        "Image tokens the provider did not have to charge, by its published rules.",
        (Series(f"sum(increase(jnd_tokens_saved_total{{{_MODEL}}}[$__range])) or vector(0)"),),
        width=6,
    ),
    Panel(
        "stat",
        "Bytes saved",
        "Image bytes that did not travel to the provider.",
        (Series(f"sum(increase(jnd_bytes_saved_total{{{_MODEL}}}[$__range])) or vector(0)"),),
        unit="bytes",
        width=6,
    ),
    Panel(
        "table",
        "Saved by client",
        "In the chosen time, by who sent it, each currency by itself: money saved and spent on image tokens, "
        "tokens and bytes saved, and the "
        f"share of audited answers that changed. {_MONEY}",
        (
            Series(_in_range("jnd_client_money_saved_total", "client, currency")),
            Series(_in_range("jnd_client_image_money_total", "client, currency")),
            Series(_in_range("jnd_client_tokens_saved_total", "client")),
            Series(_in_range("jnd_client_bytes_saved_total", "client")),
            Series(
                f"{_in_range(_CHANGED, 'client')} "
                f"/ ({_in_range(_ASKED, 'client')} > 0) or 0 * "
                f"{_in_range('jnd_client_shadow_audits_total', 'client')}"
            ),
        ),
        unit="none",
        width=16,
        runbook="JndAnswersChange",
        columns=("money saved", "money sent", "tokens saved", "bytes saved", "answers changed"),
        decimals=4,
    ),
    Panel(
        "lines",
        "Money saved by client",
        f"Money per hour. {_MONEY}",
        (
            Series(
                "3600 * " + rates("jnd_client_money_saved_total", "client, currency"),
                "{{client}}, {{currency}}",
            ),
            Series(
                "3600 * " + rates("jnd_client_would_save_money_total", "client, currency"),
                "{{client}} would save (mode observe), {{currency}}",
            ),
        ),
        unit="none",
    ),
    Panel(
        "lines",
        "Image bytes in and out",
        "Image bytes per second from callers and to the provider.",
        (
            Series(rates("jnd_image_bytes_in_total", "", _MODEL), "in"),
            Series(rates("jnd_image_bytes_out_total", "", _MODEL), "out"),
        ),
        unit="Bps",
    ),
    Panel(
        "lines",
        "Share of image bytes saved",
        "How much lighter images got, by model.",
        (
            Series(
                rates("jnd_bytes_saved_total", "model", _MODEL)
                + " / "
                + rates("jnd_image_bytes_in_total", "model", _MODEL),
                "{{model}}",
            ),
        ),
        unit="percentunit",
    ),
    Panel(
        "lines",
        "Image tokens in and out",
        "Image tokens per second from callers and to the provider, by the provider's rules.",
        (
            Series(rates("jnd_image_tokens_in_total", "", _MODEL), "in"),
            Series(rates("jnd_image_tokens_out_total", "", _MODEL), "out"),
        ),
    ),
    Panel(
        "lines",
        "Megapixels in and out",
        "Megapixels per second from callers and to the provider.",
        (
            Series(rates("jnd_image_pixels_in_total", "", _MODEL) + " / 1e6", "in"),
            Series(rates("jnd_image_pixels_out_total", "", _MODEL) + " / 1e6", "out"),
        ),
    ),
    Panel(
        "lines",
        "Tokens saved by provider",
        "Image tokens per second that were not sent.",
        (Series(rates("jnd_tokens_saved_total", "provider", _MODEL), "{{provider}}"),),
    ),
    Panel(
        "lines",
        "Images re-encoded",
        "Compressed images per second by the format chosen.",
        (Series(rates("jnd_compressions_total", "format", _MODEL), "{{format}}"),),
        unit="ops",
    ),
    Panel(
        "lines",
        "Would be saved",
        "What mode observe left in the requests: bytes and tokens per second that mode on would have saved.",
        (
            Series(rates("jnd_would_save_bytes_total", "", _MODEL, or_nothing=True), "bytes"),
            Series(rates("jnd_would_save_tokens_total", "", _MODEL, or_nothing=True), "tokens"),
        ),
    ),
    Panel(
        "lines",
        "Answers that change",
        "Share of audited requests of a day whose answer was another with the original pictures, by "
        "client; what it "
        "surely is (Wilson's bound), and what compression.shadow_audit promises.",
        (
            Series("jnd:answers:changed24h", "{{client}}"),
            Series("jnd:answers:surely_changed24h", "{{client}} surely"),
            Series("max(jnd_shadow_audit_promise_ratio)", "promised"),
        ),
        unit="percentunit",
        runbook="JndAnswersChange",
    ),
    Panel(
        "lines",
        "Shadow audit",
        "Live requests asked again with their original pictures, by result and kind of picture; how often "
        "compression "
        "was made stricter for it; questions left today.",
        (
            Series(
                "sum by (class, result) (increase(jnd_shadow_audits_total[$__rate_interval]))",
                "{{class}}: {{result}}",
            ),
            Series("max(jnd_shadow_audit_budget_left) or vector(0)", "budget left"),
            Series("sum(jnd_policy_epoch) or vector(0)", "made stricter"),
        ),
        runbook="JndAnswersChange",
    ),
    Panel(
        "lines",
        "Do the token rules hold?",
        "Answers whose usage was compared with the image tokens that the provider's rules predict, by "
        "result, and the "
        "tokens reported for each predicted one where the API counts images.",
        (
            Series(
                rates("jnd_token_rule_checks_total", "provider, result", _MODEL), "{{provider}}: {{result}}"
            ),
            Series(
                f"{rates('jnd_image_tokens_reported_total', 'provider', _MODEL)} "
                f"/ ({rates('jnd_image_tokens_predicted_total', 'provider', _MODEL)} > 0) or vector(1)",
                "{{provider}}: reported per predicted",
            ),
        ),
    ),
    Panel(
        "lines",
        "Tokens without a price",
        "Image tokens per second for models of which no price is known: no money is told of them.",
        (Series(rates("jnd_unpriced_image_tokens_total", "provider", or_nothing=True), "{{provider}}"),),
    ),
    Panel(
        "lines",
        "Metadata left behind",
        "Images per second that were sent on without metadata they came with, by kind: positions, "
        "thumbnails, comments "
        "and more. Orientation and colour profile always travel along.",
        (Series(rates("jnd_metadata_left_behind_total", "kind"), "{{kind}}"),),
        unit="ops",
    ),
    Panel(
        "lines",
        "Providers' limits",
        "Per second: limits of providers that what was sent exceeds, by our rules, and requests whose "
        "pictures were "
        "brought to a step because the whole was too large. Exceeded limits are sent on: the provider's "
        "rules may be "
        "newer than ours.",
        (
            Series(rates("jnd_limits_exceeded_total", "limit", or_nothing=True), "exceeded: {{limit}}"),
            Series(rates("jnd_limit_steps_total", "step", or_nothing=True), "step {{step}}"),
        ),
        unit="ops",
    ),
)


def dashboard() -> Any:
    """Return it as Grafana reads it; it begins with this month."""
    return build(
        "JND efficiency",
        "jnd-efficiency",
        "What was saved this month in bytes, tokens and money, for whom, and at which change of answers.",
        PANELS,
        since="now/M",
    )
