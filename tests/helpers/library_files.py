"""The library files of a tiny chip, as texts."""

PGF = """\
#%pgf_format_version=1.0
#%chip_type=Tiny_1
#%chip_type=Tiny_HT
#%header0=probeset_id\ttype\tprobeset_name
#%header1=\tatom_id
#%header2=\t\tprobe_id\ttype\tgc_count\tprobe_sequence
100\tmain\tps_a
\t1
\t\t3\tpm:st\t12\tACGT
\t\t4\tmm:st\t12\tACCT
\t2
\t\t7\tpm:st\t11\tACGG
101\tcontrol->bgp->antigenomic\tbackground
\t3
\t\t9\tpm:st\t9\tAAAA
102\tmain\tps_b
\t4
\t\t12\tpm:st\t12\tTTTT
103\t\told_style
\t5
\t\t20\tpm:at\t13\tGGGG
"""
CLF = """\
#%clf_format_version=1.0
#%chip_type=Tiny_1
#%chip_type=Tiny_HT
#%rows=4
#%cols=5
#%sequential=1
#%order=col_major
#%header0=probe_id\tx\ty
77\t1\t1
"""
LISTED = CLF.replace("sequential=1", "sequential=0").replace("77\t1\t1\n", "") + "".join(
    f"{n}\t{(n - 1) % 5}\t{(n - 1) // 5}\n" for n in range(1, 21)
)
MPS = """\
#%chip_type=Tiny_1
probeset_id\ttranscript_cluster_id\tprobeset_list\tprobe_count
TC2\tTC2\t102\t1
TC1\tTC1\t100 103\t3
TC3\tTC3\t103 101\t2
"""
TRANSCRIPTS = '''\
#%chip_type=Tiny_1
#%netaffx-annotation-csv-version=1.5
"transcript_cluster_id","probeset_id","seqname","gene_assignment","mrna_assignment"
"TC1","TC1","chr1","NR_1 // --- // --- // --- // --- /// NM_2 // Trpm6 // channel, cation // 1q2","say ""hi"""
"TC2","TC2","chr2","---","---"
"TC9","TC9","chr2","NM_9 // Bglap // --- // 2q // 7","#1"
'''
