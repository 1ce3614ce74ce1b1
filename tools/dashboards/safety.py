"""The dashboard for whoever watches attacks: flags by kind, model and client; unchecked images; drift."""

from typing import Any

from tools.dashboards.panels import Panel, Series, build, rates

_MODEL = 'model=~"$model"'
_RULES = "container|alpha|query_series"
_GOOD_TO_BAD = ((None, "green"), (1, "orange"), (10, "red"))

PANELS = (
    Panel(
        "stat",
        "Images seen",
        "Images that went through the gateway in the chosen time.",
        (Series(f"sum(increase(jnd_images_total{{{_MODEL}}}[$__range]))"),),
        width=6,
        decimals=0,
    ),
    Panel(
        "stat",
        "Images flagged",
        "New images worth an alarm in the chosen time, each once: a hidden edit, or built like an attack.",
        (Series(f"sum(increase(jnd_flagged_images_total{{{_MODEL}}}[$__range]))"),),
        width=6,
        decimals=0,
        runbook="JndFlagShareJump",
        review="since=${__from}&until=${__to}",
        steps=_GOOD_TO_BAD,
    ),
    Panel(
        "stat",
        "Unchecked share",
        "Images the gateway could not check: damaged, too large, at an address, or a failure inside.",
        (
            Series(
                f'(sum(rate(jnd_images_total{{{_MODEL},outcome="unchecked"}}[$__range])) or vector(0)) '
                f"/ sum(rate(jnd_images_total{{{_MODEL}}}[$__range]))"
            ),
        ),
        unit="percentunit",
        width=6,
        runbook="JndImagesUnchecked",
        steps=((None, "green"), (0.01, "orange"), (0.05, "red")),
    ),
    Panel(
        "stat",
        "Beyond the usual",
        "By how many standard deviations more images were flagged in the last ten minutes than usual, for "
        "the model "
        "where it is most; alerts from 4 on.",
        (Series("max(jnd:flag_surprise:10m)"),),
        width=6,
        decimals=1,
        runbook="JndFlagShareJump",
        steps=((None, "green"), (3, "orange"), (4, "red")),
    ),
    Panel(
        "lines",
        "Flags by kind and action",
        "Images per second that are worth an alarm, by kind of evidence, and what the policy did with "
        "them. "
        "policy.alpha bounds the false alarms of tests; rules have no p-value, so theirs are counted "
        "apart.",
        (
            Series(
                rates("jnd_flags_total", "kind, action", f'{_MODEL},kind!~"{_RULES}"'),
                "{{kind}} ({{action}})",
            ),
            Series(
                rates("jnd_flags_total", "kind, action", f'{_MODEL},kind=~"{_RULES}"', or_nothing=True),
                "rule: {{kind}} ({{action}})",
            ),
            Series(rates("jnd_sanitized_total", "", _MODEL, or_nothing=True), "sanitized, flagged or not"),
        ),
        unit="ops",
        width=12,
        runbook="JndFlagShareJump",
        review="kind=${__field.labels.kind}",
    ),
    Panel(
        "lines",
        "Flags by model",
        "Images per second that are worth an alarm, by the model they were meant for and the kind of "
        "evidence.",
        (Series(rates("jnd_flags_total", "model, kind", _MODEL), "{{model}}: {{kind}}"),),
        unit="ops",
        width=12,
        runbook="JndFlagShareJump",
        review="kind=${__field.labels.kind}&model=${__field.labels.model}",
    ),
    Panel(
        "bars",
        "Flags by client",
        "Who sent what was flagged in the chosen time: the clients that the settings name, all others "
        "together.",
        (
            Series(
                "topk(10, sum by (client, kind) (increase(jnd_client_flags_total[$__range])))",
                "{{client}} {{kind}}",
            ),
        ),
        width=12,
        runbook="JndQueryAttack",
        review="kind=${__field.labels.kind}&client=${__field.labels.client}",
        decimals=0,
    ),
    Panel(
        "lines",
        "Flagged share and the usual",
        "Share of images flagged in ten minutes beside what is usual: the six hours before, or policy.alpha.",
        (
            Series("jnd:flagged_images:increase10m / clamp_min(jnd:images:increase10m, 1)", "{{model}}"),
            Series("jnd:flag_share:usual", "{{model}} usually"),
        ),
        unit="percentunit",
        width=12,
        runbook="JndFlagShareJump",
    ),
    Panel(
        "lines",
        "Verdicts",
        "Images per second by what the gateway concluded.",
        (Series(rates("jnd_images_total", "outcome", _MODEL), "{{outcome}}"),),
        unit="ops",
    ),
    Panel(
        "lines",
        "Evidence that weighed most",
        "Images found to be edited, openly or not, per second, by the detector that was surest and what "
        "was done.",
        (Series(rates("jnd_flag_evidence_total", "kind, action", or_nothing=True), "{{kind}} ({{action}})"),),
        unit="ops",
        review="kind=${__field.labels.kind}",
    ),
    Panel(
        "lines",
        "Unchecked images by reason",
        "Why images were not checked, per second.",
        (
            Series(
                rates("jnd_images_total", "reason", f'{_MODEL},outcome="unchecked"', or_nothing=True),
                "{{reason}}",
            ),
        ),
        unit="ops",
        runbook="JndImagesUnchecked",
    ),
    Panel(
        "lines",
        "Not looked at",
        "Images, whole bodies and strings that look like images that nobody looked at, per second: a "
        "limit is told "
        "and never refused, what is unseen is refused by policy.on_failure refuse.",
        (Series(rates("jnd_unchecked_total", "class, reason", or_nothing=True), "{{class}}: {{reason}}"),),
        unit="ops",
        runbook="JndImagesUnchecked",
    ),
    Panel(
        "bars",
        "Are p-values uniform?",
        "Share of new pictures whose p-value from the residual detector lies at or below each level, in "
        "the chosen "
        "time. Each bar may reach its level and no further: more means more false alarms than "
        "policy.alpha says, "
        "less that the detector is careful with these pictures and finds less.",
        (
            Series(
                'sum by (le) (rate(jnd_p_value_bucket{kind="residual",le!="+Inf"}[$__range])) / on () '
                "group_left () "
                'sum(rate(jnd_p_value_count{kind="residual"}[$__range]))',
                "p up to {{le}}",
            ),
        ),
        unit="percentunit",
        runbook="JndPValuesTooSmall",
        most=1,
    ),
    Panel(
        "lines",
        "P-values beyond their level",
        "By how much the share of p-values at or below a level exceeds the level, over six hours; below "
        "zero keeps "
        "the promise. The other detectors' are of known pictures, changed openly more often than not.",
        (
            Series('jnd:p_values:excess6h{kind="residual"}', "p up to {{level}}"),
            Series('max(jnd:p_values:moved6h{kind="residual"})', "moved since yesterday"),
        ),
        unit="percentunit",
        runbook="JndPValuesMoved",
    ),
    Panel(
        "lines",
        "Kept for review",
        "Flagged images per second by what became of them on the way to the store of review: kept, or "
        "dropped since the store was full, slow or away.",
        (Series(rates("jnd_review_flags_total", "fate", or_nothing=True), "{{fate}}"),),
        unit="ops",
        runbook="JndFlagsDropped",
    ),
    Panel(
        "lines",
        "Detectors that failed",
        "Detectors that broke over an image, per second: the others judged it, or it went unchecked. Any "
        "is a bug; "
        "the log names the place.",
        (Series(rates("jnd_detector_failures_total", "kind", or_nothing=True), "{{kind}}"),),
        unit="ops",
        runbook="JndDetectorFails",
    ),
    Panel(
        "table",
        "Age of the artifact",
        "Days since each part of the predictor was learned; alerts after 180.",
        (Series("(time() - min by (part) (jnd_artifact_written_timestamp_seconds)) / 86400"),),
        unit="none",
        width=12,
        runbook="JndArtifactOld",
        columns=("days",),
        decimals=0,
    ),
    Panel(
        "table",
        "Models and their profiles",
        "From what it is known what each model can see: measured, a published prior, or the default.",
        (Series("max by (model, source) (jnd_profile_info)"),),
        width=6,
        columns=("known",),
    ),
    Panel(
        "stat",
        "False alarms allowed",
        "policy.alpha: the share of benign images that may be flagged, rules apart.",
        (Series("max(jnd_policy_alpha_ratio)"),),
        unit="percentunit",
        width=6,
    ),
)


def dashboard() -> Any:
    """Return it as Grafana reads it."""
    return build(
        "JND safety",
        "jnd-safety",
        "What was flagged, of whom, for which model; what nobody looked at; whether the detectors keep "
        "their promise.",
        PANELS,
    )
