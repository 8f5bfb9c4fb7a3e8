"""All words of the page that are not data, in English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "page_title": ("What the data say of each statement of the report", "報告書の記述とデータの照合"),
    "page_title_bare": ("What the data say", "データの示すこと"),
    "skip": ("Skip to the summary", "要約へ移動"),
    "contents": ("Contents", "目次"),
    "drawn_stamp": ("Simulated data", "シミュレーションデータ"),
    "drawn_banner": (
        "No animal stands behind these numbers: a program drew them. They show that the analysis does what "
        "it says and are no evidence about magnesium or bone.",
        "この数値の元になった動物はいない。プログラムが発生させた値であり，解析が記述どおりに働くことを示すだけで，"
        "マグネシウムや骨についての証拠ではない。",
    ),
    "measured_stamp": ("Measured data", "測定データ"),
    "measured_banner": (
        "All numbers on this page come from the dataset named here.",
        "このページの数値はすべて下記データセットから得た。",
    ),
    "dataset": ("Dataset", "データセット"),
    "study_source": ("Report that the statements are from", "記述の出典となる報告書"),
    "summary": ("Summary", "要約"),
    "tally_sentence": (
        "Of the {n} statements of the report, these data bear out {reproduced}.",
        "報告書の記述{n}件のうち，本データで再現したもの：{reproduced}件。",
    ),
    "tally_rest": (
        "The rest: {parts}.",
        "その他：{parts}。",
    ),
    "tally_join": (", ", "，"),
    "tally_count": ("{word} {n}", "{word} {n}件"),
    "split_sentence": (
        "Of the {effects} statements that something differed, {found} are borne out; of the {rest} that "
        "nothing did, {quiet}. The latter means only that no difference was found.",
        "効果ありの記述{effects}件のうち再現{found}件，「差なし」の記述{rest}件のうち再現{quiet}件。"
        "後者は，差が見つからなかったことだけを意味する。",
    ),
    "not_borne_out": ("Statements not borne out: {n}", "再現しなかった記述：{n}件"),
    "no_verdicts": (
        "No statement of the report was judged in this run; the comparisons stand below.",
        "この実行では報告書の記述を判定していない。群間比較は下に示す。",
    ),
    "no_evidence": ("No comparison was made in this run.", "この実行では群間比較を行っていない。"),
    "tally_caption": (
        "Verdicts by section of the report and domain",
        "報告書の節と領域ごとの判定数",
    ),
    "section": ("Section", "節"),
    "domain": ("Domain", "領域"),
    "total": ("Total", "計"),
    "all_sections": ("All", "全体"),
    "map": ("The verdict map", "判定一覧図"),
    "map_intro": (
        "Every statement is a cell: the report's finding, the data's finding, the verdict. A cell leads to "
        "the statement with its numbers.",
        "各欄が一つの記述で，報告書の所見・データの所見・判定の順に並ぶ。欄を選ぶと数値つきの記述へ移る。",
    ),
    "map_caption": (
        "Statements by endpoint and comparison: report, data, verdict",
        "指標と比較ごとの記述：報告書，データ，判定",
    ),
    "map_density": ("{label} BMD", "{label}密度"),
    "map_picture": ("The same as a picture:", "同じ内容の図："),
    "map_key": ("Signs", "記号"),
    "endpoint": ("Endpoint", "指標"),
    "sign_up": ("higher", "上昇"),
    "sign_down": ("lower", "低下"),
    "level_significant": ("significant, p < {significant}", "有意，p < {significant}"),
    "level_trend": ("trend, {significant} ≤ p < {trend}", "傾向，{significant} ≤ p < {trend}"),
    "level_none": ("no difference shown", "差なし"),
    "level_separated": ("arrays fall apart by group", "アレイが群ごとに分かれる"),
    "level_mixed": ("arrays of the groups are mixed", "アレイの群が混ざる"),
    "level_monotonic": ("step by step with the diet", "用量順に変化"),
    "level_not_monotonic": ("not step by step with the diet", "用量順ではない"),
    "level_peak_up": ("highest at the mildest dose", "最も軽い欠乏で最大"),
    "level_peak_down": ("lowest at the mildest dose", "最も軽い欠乏で最小"),
    "level_one_way_up": ("higher the less magnesium", "Mgが少ないほど上昇"),
    "level_one_way_down": ("lower the less magnesium", "Mgが少ないほど低下"),
    "level_neither": ("neither one way nor most at the mildest dose", "どちらの形でもない"),
    "finding": ("{direction} ({level})", "{direction}（{level}）"),
    "short_significant": ("significant", "有意"),
    "short_none": ("none shown", "差なし"),
    "short_trend": ("trend", "傾向"),
    "not_tested": ("not tested", "検定なし"),
    "implied_short": ("implied", "言外"),
    "implied": ("implied: the report saw no other effect", "「他に差はなかった」に含まれる"),
    "doses": ("What each dose did", "各用量で何が起きたか"),
    "doses_intro": (
        "Each deficient diet against the reference group of its own experiment, from mildest to hardest. "
        "Findings only; what did not differ is counted.",
        "各欠乏食群を同じ実験の対照群と比べた。欠乏の軽い順。所見のみを挙げ，差のなかった指標は数だけ示す。",
    ),
    "dose_rest": ("No difference shown: {n} of {total} endpoints.", "差なし：{total}指標のうち{n}指標。"),
    "dose_nothing": ("Not measured in this dataset.", "このデータセットでは測定していない。"),
    "ledger": ("Statement by statement", "記述ごとの照合"),
    "ledger_intro": (
        "Open a statement for its numbers and its figure. On paper all are open.",
        "記述を開くと数値と図への参照が出る。印刷ではすべて開く。",
    ),
    "section_heading": ("Section {section} of the report: {domain}", "報告書 {section}：{domain}"),
    "odds_up": ("log2 odds ratio among the genes that are higher", "対数オッズ比（log2，上昇した遺伝子中）"),
    "odds_down": ("log2 odds ratio among the genes that are lower", "対数オッズ比（log2，低下した遺伝子中）"),
    "report_says": ("Report", "報告書"),
    "report_value": ("mean {value} {unit}", "平均 {value} {unit}"),
    "data_say": ("Data", "データ"),
    "comparison": ("Comparison", "比較"),
    "means": ("Means (SD)", "平均（SD）"),
    "against": ("against", "対"),
    "difference": ("Difference", "差"),
    "estimate": ("Estimate", "推定値"),
    "interval": ("95 % interval", "95％信頼区間"),
    "interval_range": ("{low} to {high}", "{low} ～ {high}"),
    "no_interval": ("no interval for this test", "この検定では区間なし"),
    "hedges_g": ("Hedges g", "Hedges g"),
    "p": ("p", "p"),
    "n": ("n", "n"),
    "test": ("Test", "検定"),
    "verdict": ("Verdict", "判定"),
    "figure": ("Figure", "図"),
    "figure_missing": ("{name}, which is not there", "{name}（ファイルなし）"),
    "drawn_in": ("Drawn in notebook {notebook}", "ノートブック {notebook} で作図"),
    "row": ("Row of evidence.csv", "evidence.csv の行"),
    "no_row": ("No comparison in this dataset answers this.", "このデータセットには対応する比較がない。"),
    "figures": ("Figures", "図"),
    "figures_intro": (
        "The figures that statements and comparisons point to. Wide ones scroll sideways on a small screen.",
        "記述と比較から参照される図。小さい画面では横にスクロールできる。",
    ),
    "figure_scroll": ("Figure {name}, scrolls sideways", "図 {name}（横にスクロール）"),
    "table_scroll": ("Table, scrolls sideways", "表（横にスクロール）"),
    "back": ("Statements that this figure shows", "この図が示す記述"),
    "figure_alt": ("Figure {name}: {shows}", "図 {name}：{shows}"),
    "comparisons": ("All comparisons", "すべての比較"),
    "comparisons_intro": (
        "Every row of evidence.csv, also those of which the report says nothing. A difference is case minus "
        "reference.",
        "報告書に記述のない比較も含む evidence.csv の全行。差は「対象群 − 対照群」。",
    ),
    "comparisons_count": ("{domain}: {n} comparisons", "{domain}：{n}比較"),
    "methods": ("Methods", "方法"),
    "design": ("Design", "デザイン"),
    "design_caption": ("Experiments and groups", "実験と群"),
    "experiment": ("Experiment", "実験"),
    "both": ("Both experiments", "両実験"),
    "group": ("Group", "群"),
    "diet": ("Mg in diet (%)", "飼料Mg（％）"),
    "feeding": ("Feeding", "給餌"),
    "weeks": ("Weeks", "週"),
    "tests": ("Tests", "検定"),
    "tests_intro": (
        "Which test stands behind how many of the comparisons:",
        "比較の数と検定：",
    ),
    "tests_g": (
        "Hedges g is the difference over the pooled SD of the two groups, corrected for few animals.",
        "Hedges gは差を2群の併合標準偏差で割り，少数例の補正をした値。",
    ),
    "tests_n": ("comparisons: {n}", "比較 {n}件"),
    "thresholds": ("Thresholds", "基準値"),
    "threshold_caption": ("Limits used throughout", "全体に用いた基準"),
    "name": ("Name", "名称"),
    "value": ("Value", "値"),
    "rules": ("Verdicts", "判定の規則"),
    "rule_reproduced": (
        "Direction and level are those of the statement; a mean that it states lies in the 95 % interval of "
        "the group's mean.",
        "方向と水準が記述どおり。平均値の記述があれば，その値が群の平均の95％信頼区間に入る。",
    ),
    "rule_direction_only": (
        "The difference points as stated, but at another level, or the stated mean is outside the interval.",
        "方向は記述どおりだが水準が異なるか，記述された平均が区間を外れる。",
    ),
    "rule_contradicted": (
        "The data point the other way, or show an effect where the statement has none.",
        "逆向き，または「差なし」の記述に対して差がある。",
    ),
    "rule_not_tested": (
        "The dataset has no comparison for it, or too few animals to test.",
        "対応する比較がないか，例数が足りず検定できない。",
    ),
    "assumptions": ("Assumptions", "仮定"),
    "assumptions_intro": (
        "Where the report is silent, this compendium had to decide. None of these is the report's word.",
        "報告書に記載がない点は本コンペンディウムで決めた。いずれも報告書の記述ではない。",
    ),
    "because": ("Reason", "理由"),
    "provenance": ("Where this comes from", "来歴"),
    "again": ("To run it again", "再実行の方法"),
    "again_intro": (
        "In a checkout of the compendium, with the dataset's folder in place:",
        "コンペンディウムのフォルダーにデータセットを置いて：",
    ),
    "seed": ("Seed of the drawn data", "データ生成の乱数シード"),
    "commit": ("Commit", "コミット"),
    "commit_changed": ("{id}, with changes not committed", "{id}（未コミットの変更あり）"),
    "commit_none": ("not known: no git checkout", "不明（gitの管理外）"),
    "compendium": ("Compendium", "コンペンディウム"),
    "version": ("Version", "バージョン"),
    "software": ("Software", "ソフトウェア"),
    "software_caption": ("Packages in use", "使用したパッケージ"),
    "package": ("Package", "パッケージ"),
    "locked": ("In requirements.lock", "requirements.lock の版"),
    "inputs": ("Input files", "入力ファイル"),
    "inputs_caption": ("Files with size and SHA-256", "ファイルの大きさとSHA-256"),
    "file": ("File", "ファイル"),
    "bytes": ("Bytes", "バイト"),
    "inputs_count": ("{n} files", "{n}ファイル"),
    "crate": (
        "Beside this page, the folder crate/ holds the whole run as an RO-Crate: inputs, notebooks, tables "
        "and figures with checksums, and which notebook made what.",
        "このページと同じ場所のcrate/に，実行の全体（入力・ノートブック・表・図とチェックサム，"
        "どのノートブックが何を作ったか）をRO-Crateとして収めた。",
    ),
}


THRESHOLDS: Mapping[str, tuple[str, str]] = {
    "significant": ("significant: p below", "有意：p がこの値未満"),
    "trend": ("trend: p from the limit above up to below", "傾向：p が上の値以上，この値未満"),
    "confidence": ("confidence of intervals", "信頼区間の水準"),
    "gene_q": ("changed gene: q below", "変動遺伝子：q がこの値未満"),
    "gene_log2_fold_change": (
        "and absolute log2 fold change above",
        "かつ log2 変化量の絶対値がこの値を超える",
    ),
    "gene_set_q": ("enriched GO term: q below", "濃縮GO term：q がこの値未満"),
    "cluster_p": ("separated arrays: permutation p below", "アレイの分離：並べ替え p がこの値未満"),
}


UNITS: Mapping[str, tuple[str, str]] = {
    "log2 odds ratio": ("log2 odds ratio", "対数オッズ比（log2）"),
    "mean silhouette": ("mean silhouette", "平均シルエット値"),
    "Kendall tau": ("Kendall tau", "Kendallの τ"),
    "log ratio": ("log ratio", "対数比"),
}


SIGNS: Mapping[tuple[str, str], str] = {
    ("up", "significant"): "▲",
    ("up", "trend"): "△",
    ("down", "significant"): "▼",
    ("down", "trend"): "▽",
    ("none", "none"): "–",
    ("none", "separated"): "●○",
    ("none", "mixed"): "◐",
    ("none", "not_monotonic"): "–",
    ("none", "neither"): "–",
    ("up", "peak"): "▲",
    ("down", "peak"): "▼",
    ("up", "one_way"): "⇗",
    ("down", "one_way"): "⇘",
    ("down", "monotonic"): "⇘",
    ("up", "monotonic"): "⇗",
}
"""The sign of a finding by direction and level; ``?`` stands for what was not tested."""
