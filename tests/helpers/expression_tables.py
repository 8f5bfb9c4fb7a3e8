"""Three tables of expression that say the same: of the console, of GEO, and plain."""

import numpy as np

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
