"""Say which extra is missing where a command needs a package that a bare install does not have.

One place for all three commands: their typer apps are built with `ExtrasGroup`. Light: imports no laboratory.
"""

import re
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

import typer
from typer.core import TyperGroup

DISTRIBUTION = "lmm-jnd"
_IMPORTED_AS = {"scikit-learn": "sklearn", "scikit-image": "skimage", "c2pa-python": "c2pa"}
_EXTRA_OF = re.compile(r"""^([\w.-]+).*;.*\bextra\s*==\s*["']([\w-]+)["']""")
_FOR_DEVELOPERS = "dev"  # names much that a bare install has anyhow, such as anyio
_BAD_USE = 2


class ExtrasGroup(TyperGroup):
    """A group of commands that end with a sentence and exit code 2 where an extra is not installed."""

    def invoke(self, ctx: Any) -> Any:  # typer carries its own copy of click's context
        """Run the command.

        Raises:
            Exit: With code 2, after saying which extra is missing.
            ModuleNotFoundError: What is missing belongs to no extra; that is a fault of ours.
        """
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            said = missing_extra(error)
            if said is None:
                raise
            typer.echo(f"error: {said}", err=True)
            raise typer.Exit(_BAD_USE) from error


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """Return which extra brings the module that was not found; None where none does."""
    module = (error.name or "").partition(".")[0]
    extra = extras_by_module().get(module)
    if extra is None:
        return None
    return f"this needs {module}, which is not installed; expected `pip install '{DISTRIBUTION}[{extra}]'`"


def extras_by_module() -> dict[str, str]:
    """Return the extra that brings each module, as the installed package's own metadata says."""
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return {}
    found = [match.groups() for line in lines if (match := _EXTRA_OF.match(line))]
    return {
        _IMPORTED_AS.get(name, name.replace("-", "_")): extra
        for name, extra in found
        if extra != _FOR_DEVELOPERS
    }
