"""Expression that was normalised elsewhere: TAC exports, GEO series matrices, plain tables."""

import gzip

import numpy as np
import pandas as pd
import pytest
from helpers.expression_tables import GEO, IDS, PLAIN, SYMBOLS, TAC, VALUES, read_values

from mgbone.dataset.arrays.expression_table import (
    DateSymbolWarning,
    LinearScaleWarning,
    MatrixError,
    TextFormWarning,
    read_expression_table,
)
from mgbone.dataset.arrays.symbols import date_like


def put(folder, text, name="table.txt"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def expected(values=VALUES):
    return pd.DataFrame(values, index=pd.Index(IDS, name="probeset_id"), columns=["a1", "a2", "a3"])


@pytest.mark.parametrize(
    "text",
    [
        GEO,
        GEO.replace("\n", "\r\n"),
        gzip.compress(GEO.encode(), mtime=0),
        PLAIN,
        PLAIN.replace(",", "\t"),
        "\ufeff" + PLAIN,
    ],
    ids=["geo", "geo-crlf", "geo-gzip", "csv", "tsv", "bom"],
)
def test_tables_without_symbols(tmp_path, text):
    pd.testing.assert_frame_equal(read_values(put(tmp_path, text)), expected(), check_index_type=False)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_tac_export_names_the_gene_of_each_cluster(tmp_path, encoding):
    path = put(tmp_path, TAC.encode(encoding))
    pd.testing.assert_frame_equal(read_values(path), expected(), check_index_type=False)
    table = read_expression_table(path)
    assert table.symbols.to_dict() == dict(zip(IDS, SYMBOLS, strict=True))  # of several genes, the first
    assert table.others == ("A Avg (log2)",)


def test_rows_may_be_without_a_symbol(tmp_path):
    own = (
        PLAIN.replace("probe,", "probe,Symbol,").replace("TC01,", "TC01,---,").replace("TC02,", "TC02,Spp1,")
    )
    table = read_expression_table(put(tmp_path, own.replace("TC03,", "TC03,,")))
    assert table.symbols.dropna().to_dict() == {"TC02": "Spp1"}


def test_intensities_are_made_logarithms(tmp_path):
    text = expected(2**VALUES).to_csv()
    with pytest.warns(LinearScaleWarning, match=r"table\.txt: values reach"):
        found = read_values(put(tmp_path, text))
    np.testing.assert_allclose(found, VALUES)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "holds no table"),
        ("just words\n", "holds no table"),
        ("probe,a1\nTC01,5\n", "fewer than two columns"),
        ("probe,a1,a2\n", "or none at all"),
        (PLAIN.replace("TC02", "TC01"), "lists TC01 more than once"),
        (PLAIN.replace("TC02", ""), "without an identifier"),
        (PLAIN.replace("11.5", ""), "1 values are missing or not finite, the first for TC02 in a2"),
        (PLAIN.replace("11.5", "inf"), "not finite"),
        (PLAIN.replace("11.5", "0").replace("10,", "1000,"), "some are not positive"),
        (PLAIN.replace("11.5,", "11.5,8,"), "can't be understood"),
        (GEO.replace("!series_matrix_table_end\n", ""), "truncated"),
        (TAC.replace("11.5", "high"), "not a number"),
        (gzip.compress(GEO.encode(), mtime=0)[:40], "can't be read"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, text, match):
    with pytest.raises(MatrixError, match=match) as caught:
        read_values(put(tmp_path, text))
    assert "table.txt" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MatrixError, match="can't be read"):
        read_values(tmp_path / "gone.txt")


# --- which columns are arrays ---------------------------------------------------------------------------

EXTRA = {
    "EntrezID": [24365, 25701, 100], "Start": [1, 2, 3], "geneLength": [900, 800, 70],
    "probe_count": [9, 9, 8], "Chromosome": [1, 2, 20], "score": [0.1, 0.2, 0.3],
    "Mean": [6, 7, 8], "ctrl_avg": [6, 7, 8], "STD": [1, 1, 1], "logFC": [1, 2, 3],
    "P.Value": [0.1, 0.2, 0.3], "adj.P.Val": [0.1, 0.2, 0.3], "t": [1, 2, 3], "B": [-4, 1, 2],
}  # fmt: skip


def test_numbers_that_are_no_arrays_are_set_apart(tmp_path):
    path = put(tmp_path, expected().assign(**EXTRA, nothing=np.nan).to_csv())
    pd.testing.assert_frame_equal(read_values(path), expected())  # no logarithms: EntrezID has no say
    assert read_expression_table(path).others == (*EXTRA, "nothing")


@pytest.mark.parametrize(
    "names", [("STD-1", "STD 1", "Mean 1"), ("end-1", "Count_2", "chr m3"), ("B", "t", "F")]
)
def test_arrays_may_be_named_after_a_diet_or_with_a_number(tmp_path, names):
    plain = expected().set_axis(list(names), axis=1)
    pd.testing.assert_frame_equal(read_values(put(tmp_path, plain.to_csv())), plain)
    marked = plain.add_suffix(" Signal").assign(
        **{"STD Avg (log2)": 1.0, "STD Bi-weight Avg Signal (log2)": 1.0}
    )
    path = put(tmp_path, marked.to_csv())
    pd.testing.assert_frame_equal(read_values(path), plain)
    assert read_expression_table(path).others == ("STD Avg (log2)", "STD Bi-weight Avg Signal (log2)")


def test_the_scale_is_that_of_the_arrays_asked_for(tmp_path):
    path = put(tmp_path, expected().assign(other=500.0, Mean=5.0).to_csv())
    found = read_values(path, arrays=["cel/a3.CEL", "a1", "Mean"])
    pd.testing.assert_frame_equal(found, expected().assign(Mean=5.0)[["a3", "a1", "Mean"]].set_axis(
        ["cel/a3.CEL", "a1", "Mean"], axis=1))  # fmt: skip
    with pytest.raises(MatrixError, match=r"other reach 500, but a1, a2, a3 no more than 11\.5, so not all"):
        read_values(put(tmp_path, expected().assign(other=500.0).to_csv()))


def test_every_column_that_may_be_an_array_is_found(tmp_path):
    table = read_expression_table(put(tmp_path, expected().set_axis(["a1", "a1.CEL", "a3"], axis=1).to_csv()))
    found = table.find((name,) for name in ("a9", "cel/a1.cel", "a3", "cel/a3.CEL"))
    assert found == [(), ("a1", "a1.CEL"), ("a3",), ("a3",)]


def test_doses_and_numbers_stay_in_names(tmp_path):
    names = ["Mg0.01-1", "Mg0.01-2", "Rat.1"]
    found = read_values(put(tmp_path, expected().set_axis(names, axis=1).add_suffix(" Signal").to_csv()))
    assert list(found.columns) == names


def test_arrays_of_geo_may_be_named_by_file_accession_and_title(tmp_path):
    text = GEO.replace('"ID_REF"\t"a1"\t"a2"\t"a3"', '"ID_REF"\t"GSM1"\t"GSM2"\t"GSM3"')
    found = read_values(put(tmp_path, text), arrays=["GSM2_ctl.CEL.gz", "gsm1", "cel/a3.CEL"])
    np.testing.assert_array_equal(found, VALUES[:, [1, 0, 2]])


# --- how tables are written -----------------------------------------------------------------------------


@pytest.mark.parametrize("above", ["", "Normalised by RMA\n\n"])
def test_a_heading_as_r_writes_it(tmp_path, above):
    """write.table gives the heading one field less than the rows, write.csv an empty one."""
    text = above + expected().to_csv(sep="\t").removeprefix("probeset_id\t")
    pd.testing.assert_frame_equal(read_values(put(tmp_path, text)), expected())
    numbered = expected().set_axis(pd.Index(["1001", "1002", "1003"], name="probeset_id"))
    text = above + numbered.to_csv().replace("probeset_id", '""', 1)
    pd.testing.assert_frame_equal(read_values(put(tmp_path, text)), numbered)


def test_rows_that_end_in_a_separator_are_not_shifted(tmp_path):
    head, *rows = PLAIN.splitlines()
    text = "\n".join([head, *(f"{row}," for row in rows)])
    pd.testing.assert_frame_equal(read_values(put(tmp_path, text)), expected())


@pytest.mark.parametrize(
    ("encoding", "word", "told"),
    [("cp932", "骨代謝、マグネシウム", "CP932"), ("cp1252", "Knochen-Größe é", "Windows-1252")],
)
def test_text_of_windows_is_read_and_said_to_be(tmp_path, encoding, word, told):
    text = PLAIN.replace("probe,", f"probe,Description,{word} 1,", 1)
    for i, name in enumerate(IDS):
        text = text.replace(f"{name},", f"{name},{word},{i + 5.5},")
    with pytest.warns(TextFormWarning, match=f"table.txt: is not UTF-8 text; read as {told}"):
        found = read_values(put(tmp_path, text.encode(encoding)))
    assert list(found.columns) == [f"{word} 1", "a1", "a2", "a3"]


@pytest.mark.parametrize("decimal", [".", ","])
def test_semicolons_are_read(tmp_path, decimal):
    text = expected().assign(note="words, and more").to_csv(sep=";", decimal=decimal)
    commas = " and decimal commas are used" if decimal == "," else r"\."
    with pytest.warns(TextFormWarning, match=f"parted by semicolons{commas}"):
        found = read_values(put(tmp_path, text))
    pd.testing.assert_frame_equal(found, expected())


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (PLAIN.replace(",", "\t").replace(".", ","), "holds '5,25' for TC01 in a1, a decimal comma"),
        (
            "probe,a1,a2,a3\nTC01,5,25,6,5,7,75\nTC02,10,0,11,5,9,25\n",
            "has 4 columns by its heading, but 7 in its rows, as decimal commas",
        ),
        (PLAIN.replace(",9.25", ',"9,25"'), "holds '9,25' for TC02 in a3, a decimal comma"),
        (PLAIN.replace("6.5,", "6,5,"), "can't be understood.*decimal commas"),
        (b"PK\x03\x04" + b"\0" * 50, "is an Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 50, "is an old Excel workbook"),
        (PLAIN.replace("a3", "a1"), "two columns named 'a1'"),
        (PLAIN.replace("11.5", "high"), "holds 'high' for TC02 in a2, which is not a number"),
        (
            PLAIN.replace("TC01", "1-Mar").replace("TC02", "1-Mar"),
            "lists 1-Mar more than once .a date that Excel",
        ),
    ],
)
def test_the_cause_is_named(tmp_path, text, match):
    with pytest.raises(MatrixError, match=match):
        read_values(put(tmp_path, text))


def test_dates_among_the_symbols_are_named(tmp_path):
    dates = [
        "1-Mar",
        "Sep-02",
        "2023/9/2",
        "2023-09-02 00:00:00",
        "9/2/2023",
        "9月2日",
        "2023年9月2日",
        "1-dec",
    ]
    genes = [
        "Il6",
        "Mar-like",
        "1-Marx",
        "RT1-A2",
        "Dec1",
        "Sept2",
        "H2-T24",
        "Mt-nd1",
        "20-1",
        "TC0100000001.rn.2",
    ]
    assert date_like(dates + genes) == dates
    text = (
        PLAIN.replace("probe,", "probe,Symbol,").replace("TC01,", "TC01,1-Mar,").replace("TC02,", "TC02,Il6,")
    )
    with pytest.warns(DateSymbolWarning, match=r"a gene symbol is a date \(1-Mar\): Excel"):
        found = read_expression_table(put(tmp_path, text.replace("TC03,", "TC03,Tnf,")))
    assert "1-Mar" in found.symbols.tolist()
    with pytest.warns(DateSymbolWarning, match="2 gene symbols are dates"):
        read_values(put(tmp_path, PLAIN.replace("TC01", "1-Mar").replace("TC02", "2-Mar")))
