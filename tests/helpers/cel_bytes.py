"""Write small CEL files of all formats, from the format descriptions; shares nothing with the package."""

import struct
from dataclasses import dataclass, field

import numpy as np

DAT = (
    "[5..65534]  scan_1:CLS=4733 RWS=4733 XIN=0  YIN=0  VE=30        2.0 {date} 50101230  M10   "
    "\x14  \x14 {chip}.1sq \x14  \x14  \x14  \x14  \x14570 \x14 25389.0 \x14 3.5 \x14 0.7 \x14 3"
)


@dataclass
class Scan:
    """What a CEL file says; the defaults give a valid chip of 4 x 5 cells."""

    rows: int = 4
    cols: int = 5
    chip: str = "Tiny_1"
    mean: np.ndarray | None = None
    stdv: np.ndarray | None = None
    pixels: np.ndarray | None = None
    outliers: list = field(default_factory=lambda: [(1, 0), (4, 3)])  # x, y
    masks: list = field(default_factory=lambda: [(0, 2)])
    algorithm: str = "Percentile"
    parameters: str = "Percentile:75;CellMargin:4;OutlierHigh:1.500"
    date: str = "03/21/19 14:05:59"

    def __post_init__(self):
        n = self.rows * self.cols
        rng = np.random.default_rng(n)
        self.mean = np.round(rng.gamma(1.0, 900, n) + 25, 1) if self.mean is None else np.asarray(self.mean)
        self.stdv = np.round(self.mean / 9, 1) if self.stdv is None else np.asarray(self.stdv)
        self.pixels = rng.integers(9, 30, n) if self.pixels is None else np.asarray(self.pixels)

    @property
    def dat(self):
        return DAT.format(chip=self.chip, date=self.date)

    def cells(self, places):
        return sorted(y * self.cols + x for x, y in places)


def text(scan, *, version=3, order=None, eol="\n"):
    """Version 3; `order` is the order in which cells are listed."""
    order = range(scan.rows * scan.cols) if order is None else order
    lines = ["[CEL]", f"Version={version}", "", "[HEADER]", f"Cols={scan.cols}", f"Rows={scan.rows}"]
    lines += [f"TotalX={scan.cols}", "OffsetX=0", "GridCornerUL=1 2", f"DatHeader={scan.dat}"]
    lines += [f"Algorithm={scan.algorithm}", f"AlgorithmParameters={scan.parameters}", "", "[INTENSITY]"]
    lines += [f"NumberCells={scan.rows * scan.cols}", "CellHeader=X\tY\tMEAN\tSTDV\tNPIXELS"]
    for i in order:
        y, x = divmod(i, scan.cols)
        lines.append(f"{x:3d}\t{y:3d}\t{float(scan.mean[i])!r}\t{float(scan.stdv[i])!r}\t{scan.pixels[i]:3d}")
    for name, places in (("MASKS", scan.masks), ("OUTLIERS", scan.outliers)):
        lines += ["", f"[{name}]", f"NumberCells={len(places)}", "CellHeader=X\tY"]
        lines += [f"{x}\t{y}" for x, y in places]
    lines += ["", "[MODIFIED]", "NumberCells=0", "CellHeader=X\tY\tORIGMEAN", ""]
    return eol.join(lines).encode("latin-1")


def xda(scan, *, version=4):
    """Version 4, little-endian."""
    header = f"Cols={scan.cols}\nRows={scan.rows}\nDatHeader={scan.dat}\nAlgorithm={scan.algorithm}\n"
    out = struct.pack("<5i", 64, version, scan.cols, scan.rows, scan.rows * scan.cols)
    for part in (header, scan.algorithm, scan.parameters):
        raw = part.encode("latin-1")
        out += struct.pack("<i", len(raw)) + raw
    out += struct.pack("<iIIi", 4, len(scan.outliers), len(scan.masks), 1)
    for mean, stdv, pixels in zip(scan.mean, scan.stdv, scan.pixels, strict=True):
        out += struct.pack("<ffh", mean, stdv, pixels)
    for x, y in [*scan.masks, *scan.outliers]:
        out += struct.pack("<hh", x, y)
    return out + struct.pack("<ii", 0, 0) + struct.pack("<8f", *range(8)) + struct.pack("<4i", 0, 0, 0, 0)


def s8(value):
    raw = value if isinstance(value, bytes) else value.encode("latin-1")
    return struct.pack(">i", len(raw)) + raw


def s16(value):
    return struct.pack(">i", len(value)) + value.encode("utf-16-be")


def parameter(name, value):
    if isinstance(value, float):
        raw, kind = struct.pack(">f", value).ljust(16, b"\0"), "text/x-calvin-float"
    elif isinstance(value, int):
        raw, kind = struct.pack(">i", value).ljust(16, b"\0"), "text/x-calvin-integer-32"
    elif isinstance(value, bytes):
        raw, kind = value, "text/ascii"
    else:
        raw, kind = value.encode("utf-16-be"), "text/plain"
    return s16(name) + s8(raw) + s16(kind)


def data_header(kind, parameters, parents=()):
    out = s8(kind) + s8("0000-guid") + s16("2019-03-21T14:10:00Z") + s16("en-US")
    out += struct.pack(">i", len(parameters)) + b"".join(parameter(*item) for item in parameters.items())
    return out + struct.pack(">i", len(parents)) + b"".join(parents)


_CODES = {">i2": 2, ">u2": 3, ">i4": 4, ">f4": 6}


def calvin(scan, *, kind="affymetrix-calvin-intensity", leave_out=(), pad=0, widths=None, extra_parent=True):
    """Command Console generic; `pad` bytes stand between tables, `widths` changes the type of a column."""
    parameters = {
        "affymetrix-cel-rows": scan.rows,
        "affymetrix-cel-cols": scan.cols,
        "affymetrix-array-type": scan.chip,
        "affymetrix-algorithm-name": scan.algorithm,
        "affymetrix-algorithm-param-Percentile": b"75",
        "affymetrix-algorithm-param-CellMargin": 4,
        "affymetrix-algorithm-param-GridULX": 12.5,
    }
    scanned = {"affymetrix-scan-date": "2019-03-21T14:05:59Z", "affymetrix-dat-header": scan.dat}
    parent = data_header("affymetrix-calvin-scan-acquisition", scanned, [data_header("array", {"user": "a"})])
    head = data_header(kind, parameters, [parent] if extra_parent else [])
    first = 2 + 8 + len(head)
    kinds = {
        "Intensity": [">f4"],
        "StdDev": [">f4"],
        "Pixel": [">i2"],
        "Outlier": [">i2"] * 2,
        "Mask": [">i2"] * 2,
    }
    kinds |= widths or {}
    columns = {
        "Intensity": [scan.mean],
        "StdDev": [scan.stdv],
        "Pixel": [scan.pixels],
        "Outlier": list(zip(*scan.outliers, strict=True)) or [[], []],
        "Mask": list(zip(*scan.masks, strict=True)) or [[], []],
    }
    names = [name for name in columns if name not in leave_out]
    group = s16("Default Group")
    at = first + 12 + len(group)
    out = (
        bytes((59, 1)) + struct.pack(">iI", 1, first) + head + struct.pack(">IIi", 0, at, len(names)) + group
    )
    for name in names:
        layout = s16(name) + struct.pack(">i", 0) + struct.pack(">I", len(kinds[name]))
        for i, dtype in enumerate(kinds[name]):
            layout += s16(f"c{i}") + struct.pack(">bi", _CODES[dtype], np.dtype(dtype).itemsize)
        table = np.zeros(len(columns[name][0]), dtype=[(f"c{i}", d) for i, d in enumerate(kinds[name])])
        for i, values in enumerate(columns[name][: len(kinds[name])]):
            table[f"c{i}"] = values
        raw = table.tobytes()
        start = at + 8 + len(layout) + 4
        out += (
            struct.pack(">II", start, start + len(raw) + pad) + layout + struct.pack(">I", len(table)) + raw
        )
        out += b"\0" * pad
        at = len(out)
    return out


WRITERS = {"text": text, "xda": xda, "calvin": calvin}
