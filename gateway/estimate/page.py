"""The report of an estimate: one self-contained page, for whoever decides whether to deploy.

Totals, what each class of picture becomes, pictures as they came and as they would be sent, what was left
alone and why, and what to do next. Built without a template library: serving installs none.
"""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

import numpy as np

from calibration.across_channels import furthest_of_channels
from calibration.image import Image, decode, encode_jpeg, encode_png, fit_within, resize
from gateway.compression.compressor import CompressionPlan
from gateway.compression.picture_class import CLASSES
from gateway.estimate.estimator import Estimate, Sample
from gateway.estimate.totals import Sums, Totals

_THUMBNAIL_SIDE = 300  # pixels
_THUMBNAIL_QUALITY = 85
_REASONS = {
    "url": "it is behind an address, not in the request",
    "file_id": "it was uploaded before and is only named",
    "document": "documents are not looked into",
    "video": "films are not looked into",
    "not_json": "the line is not JSON",
    "not_a_request": "the line is no request",
    "unknown_format": "not PNG, JPEG, WebP or GIF",
    "unreadable_file": "the file cannot be opened",
    "damaged": "the picture is damaged",
    "too_many_pixels": "it has more pixels than are decoded",
}
MAP_GAIN = 8  # a difference of 32 grey levels is white


def render_page(estimate: Estimate) -> str:
    """Return the page."""
    sections = [
        _headline(estimate),
        _targets(estimate.totals),
        _classes(estimate.totals[0]),
        _sheet(estimate),
        _left_alone(estimate),
        _next_steps(estimate),
    ]
    style = files("gateway.estimate").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>What would be saved</title><style>{style}</style></head>\n<body><main>\n"
        + "\n".join(sections)
        + "\n</main></body></html>\n"
    )


def difference_map(original: Image, sent: Image) -> Image:
    """Show where the two differ, at the size that is sent: black is the same, white 32 grey levels."""
    reduced = resize(original, sent.width, sent.height, "area").pixels.astype(np.int16)
    furthest = furthest_of_channels(reduced - sent.pixels)
    shown = np.clip(furthest * MAP_GAIN, 0, 255).astype(np.uint8)
    return Image(np.dstack([shown] * 3))


def size_text(count: float) -> str:
    """Write a number of bytes as people do."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count:.0f} bytes"


def money_text(totals: Totals) -> tuple[str, str]:
    """Write what a thousand images cost and what is saved of it."""
    money = totals.money
    if money is None:
        return "price unknown", "–"
    return f"${money['per_1000_images_in']:.2f}", f"${money['per_1000_images_saved']:.2f}"


def share_text(sums: Sums) -> tuple[str, str]:
    """Write which share of the bytes and of the tokens is saved."""
    return f"{100 * sums.bytes_saved_share:.0f} %", f"{100 * sums.tokens_saved_share:.0f} %"


def reason_text(reason: str) -> str:
    """Say in words why a picture could not be read; a reason without words of its own is told as it is."""
    return _REASONS.get(reason, reason.replace("_", " "))


def _headline(estimate: Estimate) -> str:
    first = estimate.totals[0]
    whole, (bytes_saved, tokens_saved) = first.whole, share_text(first.whole)
    fewer_tokens = (
        f"{tokens_saved} fewer tokens" if whole.tokens_out < whole.tokens_in else "as many tokens as before"
    )
    return (
        f"<h1>{bytes_saved} fewer bytes, {fewer_tokens}</h1>"
        f"<p class=lead>{whole.images:,} pictures ({len(estimate.times):,} of them different), sent to "
        f"{escape(first.target.model)} at {escape(first.target.provider)}, tier {escape(estimate.tier)}: "
        f"{size_text(whole.bytes_in)} would be {size_text(whole.bytes_out)}. "
        "Fewer bytes make requests faster. What is billed is tokens, and those follow from a picture’s size "
        "in pixels alone.</p>"
    )


def _targets(totals: Sequence[Totals]) -> str:
    heads = ("Model", "Bytes", "Saved", "Tokens", "Saved", "1,000 images cost", "Saved", "p50, p95")
    rows = []
    for one in totals:
        whole, (bytes_saved, tokens_saved), (cost, saved) = one.whole, share_text(one.whole), money_text(one)
        rows.append(
            (
                one.target.name,
                f"{size_text(whole.bytes_in)} → {size_text(whole.bytes_out)}",
                bytes_saved,
                f"{whole.tokens_in:,} → {whole.tokens_out:,}",
                tokens_saved,
                cost,
                saved,
                f"{one.milliseconds_p50:.0f}, {one.milliseconds_p95:.0f} ms",
            )
        )
    priced = [one.money for one in totals if one.money is not None]
    notes = "; ".join(
        dict.fromkeys(
            f"${money['per_million_tokens']:g} a million ({money['source']}, {money['date']})"
            for money in priced
        )
    )
    note = (
        f"<p class=note>Input prices: {escape(notes)}. No discount for caching or batches.</p>"
        if notes
        else ""
    )
    return f"<h2>By model</h2>{_table(heads, rows)}{note}"


def _classes(totals: Totals) -> str:
    heads = ("Class", "Pictures", "Bytes", "Saved", "Tokens", "Saved")
    rows = []
    for kind, sums in totals.by_class.items():
        bytes_saved, tokens_saved = share_text(sums)
        sizes = f"{size_text(sums.bytes_in)} → {size_text(sums.bytes_out)}"
        tokens = f"{sums.tokens_in:,} → {sums.tokens_out:,}"
        rows.append((kind, f"{sums.images:,}", sizes, bytes_saved, tokens, tokens_saved))
    return f"<h2>By class of picture, at {escape(totals.target.name)}</h2>{_table(heads, rows)}"


def _sheet(estimate: Estimate) -> str:
    figures = [
        _figure(sample)
        for kind in CLASSES
        for sample in estimate.samples.get(kind, [])
        if sample.bytes_saved > 0
    ]
    if not figures:
        return "<h2>Pictures</h2><p>No picture would become lighter.</p>"
    return (
        f"<h2>As it came, as {escape(estimate.targets[0].name)} would get it, and where the two differ</h2>"
        f"<p class=note>The most bytes saved of each class. The map is black where nothing changed; it shows "
        f"differences {MAP_GAIN} times as large as they are.</p>" + "\n".join(figures)
    )


def _figure(sample: Sample) -> str:
    original, sent = decode(sample.original).image, decode(sample.sent).image
    plan, differences = sample.plan, difference_map(original, sent)
    pictures = (
        (original, f"{size_text(plan.bytes_in)}, {original.width} × {original.height}"),
        (
            sent,
            f"{size_text(plan.bytes_out)}, {plan.width} × {plan.height} {_format(plan)}",
        ),
        (differences, _difference_text(differences)),
    )
    cells = "".join(
        f'<div><img src="{_thumbnail(image)}" alt="{escape(caption)}"><span>{escape(caption)}</span></div>'
        for image, caption in pictures
    )
    saved = f"{100 * sample.bytes_saved / plan.bytes_in:.0f} % fewer bytes"
    caption = f"<b>{sample.kind}</b> {escape(_short(sample.name))}: {saved}"
    return f"<figure><figcaption>{caption}</figcaption><div class=trio>{cells}</div></figure>"


def _left_alone(estimate: Estimate) -> str:
    rows = [(reason, f"{count:,}") for reason, count in estimate.totals[0].left_alone.most_common()]
    rows += [
        (f"not read: {reason_text(reason)}", f"{count:,}")
        for reason, count in estimate.unreadable.most_common()
    ]
    if not rows:
        return "<h2>Left alone</h2><p>Nothing: every picture would become lighter.</p>"
    return f"<h2>Left alone, and why</h2>{_table(('Reason', 'Pictures'), rows)}"


def _next_steps(estimate: Estimate) -> str:
    first = estimate.totals[0].target
    flagged = estimate.count_verdicts("imperceptible_edit", "noticeable_edit")
    unchecked = estimate.count_verdicts("unchecked")
    options = f"--provider {escape(first.provider)} --model {escape(first.model)} --tier {estimate.tier}"
    steps = [
        "Look at the pictures above, and at all of them: "
        f"<code>jnd-gateway compress FILE... {options} --out DIR</code>.",
        "Prove on your own questions that answers stay the same: <code>jnd-gateway audit --help</code>.",
        "Then put the gateway in front of the API: <code>jnd-gateway serve --config gateway.yaml</code>.",
    ]
    told = (
        f"<p>Inspection flagged {flagged:,} pictures as edited and could not judge {unchecked:,}: "
        "<code>jnd-gateway inspect</code> tells why.</p>"
    )
    return f"<h2>What to do next</h2>{told}<ol>{''.join(f'<li>{step}</li>' for step in steps)}</ol>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _thumbnail(image: Image) -> str:
    small = fit_within(image, _THUMBNAIL_SIDE)
    jpeg, png = encode_jpeg(small, _THUMBNAIL_QUALITY), encode_png(small)
    data, media_type = (png, "image/png") if len(png) <= len(jpeg) else (jpeg, "image/jpeg")
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _difference_text(differences: Image) -> str:
    average = float(differences.pixels.mean()) / MAP_GAIN
    return (
        f"{average:.1f} of 255 grey levels apart" if differences.pixels.any() else "every pixel is the same"
    )


def _format(plan: CompressionPlan) -> str:
    return plan.format if plan.quality is None else f"{plan.format} {plan.quality}"


def _short(name: str) -> str:
    return name if len(name) <= 70 else f"…{name[-69:]}"
