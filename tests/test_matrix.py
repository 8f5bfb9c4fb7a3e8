"""Expression that was normalised elsewhere: TAC exports, GEO series matrices, plain tables."""

import gzip

import numpy as np
import pandas as pd
import pytest

from mgbone.microarray import read_normalised_matrix
from mgbone.microarray.matrix import LinearScaleWarning, MatrixError

VALUES = np.array([[5.25, 6.5, 7.75], [10.0, 11.5, 9.25], [3.5, 3.25, 4.0]])
IDS = ["TC01", "TC02", "TC03"]
SYMBOLS = ["Trpm6", "Bglap", "Trpm6"]

TAC_COLUMNS = (
    "ID", "a1_(Clariom_S_Rat).sst-rma-gene-full.chp Signal", "a2.rma-gene-full.chp Signal", "a3 Signal",
    "A Avg (log2)",
    "Fold Change", "P-val", "Gene Symbol", "Description",
)  # fmt: skip
TAC = """\
Analysis Type\tExpression (Gene)
#%summarization=SST-RMA
{heading}
TC01\t5.25\t6.5\t7.75\t6\t-1.5\t0.01\tTrpm6; Alms1\tchannel
TC02\t10\t11.5\t9.25\t10\t2\t0.5\tBglap\tosteocalcin
TC03\t3.5\t3.25\t4\t3\t1\t0.9\tTrpm6\t
""".format(heading="\t".join(TAC_COLUMNS))
GEO = """\
!Series_title\t"Magnesium and bone"
!Sample_title\t"a1"\t"a2"\t"a3"
!series_matrix_table_begin
"ID_REF"\t"a1"\t"a2"\t"a3"
"TC01"\t5.25\t6.5\t7.75
"TC02"\t10\t11.5\t9.25
"TC03"\t3.5\t3.25\t4
!series_matrix_table_end
"""
PLAIN = "probe,a1,a2,a3\nTC01,5.25,6.5,7.75\nTC02,10,11.5,9.25\nTC03,3.5,3.25,4\n"


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
    pd.testing.assert_frame_equal(
        read_normalised_matrix(put(tmp_path, text)), expected(), check_index_type=False
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_tac_export_is_summarised_to_genes(tmp_path, encoding):
    found = read_normalised_matrix(put(tmp_path, TAC.encode(encoding)))
    assert list(found.columns) == ["a1", "a2", "a3"]
    assert found.to_dict("index") == {  # of two clusters of one gene the brighter one stands for it
        "Trpm6": {"a1": 5.25, "a2": 6.5, "a3": 7.75},
        "Bglap": {"a1": 10.0, "a2": 11.5, "a3": 9.25},
    }
    assert found.index.name == "gene"


def test_symbols_may_come_from_the_platform(tmp_path):
    symbols = pd.Series(SYMBOLS, index=IDS)
    assert list(read_normalised_matrix(put(tmp_path, GEO), symbols=symbols).index) == ["Trpm6", "Bglap"]
    own = (
        PLAIN.replace("probe,", "probe,Symbol,").replace("TC01,", "TC01,---,").replace("TC02,", "TC02,Spp1,")
    )
    own = own.replace("TC03,", "TC03,,")
    assert list(read_normalised_matrix(put(tmp_path, own)).index) == ["Spp1"]


def test_intensities_are_made_logarithms(tmp_path):
    text = expected(2**VALUES).to_csv()
    with pytest.warns(LinearScaleWarning, match=r"table\.txt: values reach"):
        found = read_normalised_matrix(put(tmp_path, text))
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
        (TAC.replace("a2.rma-gene-full.chp", "a1.rma-gene-full.chp"), "two arrays of the same name"),
        (TAC.replace("11.5", "high"), "not a number"),
        (gzip.compress(GEO.encode(), mtime=0)[:40], "can't be read"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, text, match):
    with pytest.raises(MatrixError, match=match) as caught:
        read_normalised_matrix(put(tmp_path, text))
    assert "table.txt" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MatrixError, match="can't be read"):
        read_normalised_matrix(tmp_path / "gone.txt")
