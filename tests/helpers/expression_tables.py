"""Three tables of expression that say the same: of the console, of GEO, and plain."""

import numpy as np

from mgbone.dataset.arrays.array_names import is_signal, plain_name
from mgbone.dataset.arrays.expression_table import read_expression_table

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


def read_values(path, arrays=None):
    """Read the arrays of a table as log2 values: those asked for, or all under their plain names."""
    table = read_expression_table(path)
    if arrays is not None:
        headings = [heading for (heading,) in table.find((name,) for name in arrays)]
        return table.log2(headings).set_axis(list(arrays), axis=1)
    names = [plain_name(heading) if is_signal(heading) else heading for heading in table.arrays]
    return table.log2(list(table.arrays)).set_axis(names, axis=1)
