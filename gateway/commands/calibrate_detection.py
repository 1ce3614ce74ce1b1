"""The command `jnd-gateway calibrate-detection`: what is ordinary in somebody's own traffic.

Heavy imports happen inside the command, so that `--help` answers at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.options import Artifact, Json, bad_use


def calibrate_detection(
    images: Annotated[
        Path, typer.Option(help="Folder of benign pictures, subfolders too; as they would be sent.")
    ],
    out: Annotated[Path, typer.Option(help="File to write; `detection.calibration` names it.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes; the result is the same.")] = 2,
    artifact: Artifact = None,
    as_json: Json = False,
) -> None:
    """Calibrate the false-alarm rate of detection on your own benign pictures.

    Kinds of picture (codec, content, size) of which the folder holds 1,000 or more are calibrated on them;
    the others keep one that was learned of small made pictures and finds less. Curate the folder: a picture
    with hidden noise in it teaches that hidden noise is ordinary. Look at your pictures, and take no more
    than a few of one sender or camera. Pairs of versions and rules about files keep what they have. About
    40 ms for each picture and core.

    Exit code 0, 1 when no kind was calibrated anew, 2 for bad use.
    """
    from gateway.detection.combination import (  # noqa: PLC0415 - see the module's docstring
        DetectionCalibrationError,
        load_calibration,
    )
    from gateway.detection.own_traffic import calibrate_on_folder, lines_of  # noqa: PLC0415
    from predictor.predict import ArtifactError  # noqa: PLC0415

    try:
        base = load_calibration()
        result = calibrate_on_folder(images, out, base=base, artifact=artifact, workers=workers)
    except (ArtifactError, DetectionCalibrationError, OSError, ValueError) as error:
        bad_use(error)
    for line in lines_of(result, as_json=as_json):
        typer.echo(line)
    raise typer.Exit(0 if result.calibrated else 1)
