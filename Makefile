# The compendium, from raw files to the last figure. `make help` lists what can be asked for.
#
# Nothing but python3 (3.11 or later), make and git has to be there: the rest goes into .venv.
# Paths are kept relative, so that the folder itself may lie anywhere, also where names have spaces.

DATASET  ?= data/simulated
LANGUAGE ?= en
FIGURES  ?= figures
DERIVED  ?= data/derived
BUILD    ?= build
COURSE   ?= course
VENV     ?= .venv

SHELL    := /bin/sh
# The paths below are the project's: `make -f PATH/Makefile` elsewhere would find none of them.
ifeq ($(wildcard src/mgbone),)
$(error make has to run in the folder of its Makefile: make -C FOLDER, not make -f FOLDER/Makefile)
endif
# Which neither PYTHONPATH nor a virtual environment can tell from two folders.
ifneq ($(findstring :,$(CURDIR)),)
$(error the path of this folder must not contain a colon; rename or move it: $(CURDIR))
endif
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
# 01, 02 and 03 don't depend on one another; -j on the command line wins.
MAKEFLAGS += -j2
AT_ONCE = $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),2)

# A user's own settings must change neither what is installed nor what is imported, nor have it compiled at every start:
# many containers set PYTHONDONTWRITEBYTECODE.
unexport VIRTUAL_ENV PYTHONHOME PYTHONDONTWRITEBYTECODE PIP_TARGET PIP_PREFIX PIP_USER
export PYTHONNOUSERSITE := 1
export PYTHONPATH := $(CURDIR)/src
export MGBONE_ROOT := $(CURDIR)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# `make PY=/some/python ...` uses an interpreter that has everything already, and installs nothing.
ifeq ($(origin PY),undefined)
PY        := $(VENV)/bin/python
LOCKED    := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
SITE      := $(VENV)/.site
endif

override DATASET := $(patsubst %/,%,$(DATASET))
FOLDER := $(notdir $(DATASET))
# What words stand in lies apart for each language; tables are the same in all.
TONGUE := $(if $(filter-out en,$(LANGUAGE)),/$(LANGUAGE))
OUT    := $(BUILD)/$(FOLDER)$(TONGUE)
SAY    := sh src/mgbone/study/locale/say.sh "$(LANGUAGE)"
SPEAK  := --language "$(LANGUAGE)"
ifneq ($(words x$(DATASET) x$(FIGURES) x$(DERIVED) x$(BUILD) x$(COURSE) x$(VENV)),6)
$(error DATASET, FIGURES, DERIVED, BUILD, COURSE and VENV must not contain spaces)
endif
# Nor what make or the shell takes for its own, before either sees the name.
HASH  := \#
SIGNS := $(HASH) ` " ' \ $$ ; : = % & | < > ( ) * ? ! { } [ ]
FOUND := $(strip $(foreach sign,$(SIGNS),$(findstring $(sign),$(DATASET)$(FIGURES)$(DERIVED)$(BUILD)$(COURSE)$(VENV))))
ifneq ($(FOUND),)
$(error DATASET, FIGURES, DERIVED, BUILD, COURSE and VENV must not contain $(FOUND); rename the folder)
endif
# After an upgrade of the system the Python of .venv may be gone, or somebody took a package out: then the stamps say
# nothing, and it is made anew. The first one lists what the lock brought.
ifdef INSTALLED
$(shell [ ! -f "$(LOCKED)" ] || { "$(PY)" -c '' 2> /dev/null && \
    (cd "$(VENV)" && while read -r name; do [ -e "$$name" ] || exit 1; done < .locked); } || rm -f "$(LOCKED)" "$(INSTALLED)")
INSTALL := sh src/mgbone/study/locale/install.sh "$(LANGUAGE)" "$(PY)" "$(VENV)/install.log"
endif
# NAME is that of a new folder; beside another goal it would leave DATASET as it is, and the shipped data be taken for one's own.
ifneq ($(and $(findstring command,$(origin NAME)),$(filter-out new-dataset,$(or $(MAKECMDGOALS),help))),)
$(error $(shell $(SAY) 'NAME is for make new-dataset only. To use a dataset, write: make %s DATASET=data/%s' \
    '$(firstword $(MAKECMDGOALS))' '$(NAME)'))
endif

FIRST     := 03_microarray 01_biochem 02_qct
LAST      := 04_integration
NOTEBOOKS := $(FIRST) $(LAST)
# Not part of `make all`: it simulates, and what the report's statements are judged by does not rest on it.
APART     := 05_certainty
EXECUTED  := $(NOTEBOOKS:%=$(OUT)/%.ipynb)
SHIPPED   := data/simulated data/null
ARRAYS    := $(SHIPPED:%=%/cel/.complete)
OWN_ARRAYS := $(if $(filter $(SHIPPED),$(DATASET)),$(DATASET)/cel/.complete)
# The negative control of notebook 04; a dataset with a design of its own has none.
CONTROL := $(if $(wildcard $(DATASET)/study.yml),,$(if $(wildcard data/null/datapackage.json),$(DERIVED)/null/control_evidence.csv))
# Where 05 is asked for as well, pages that show what it wrote wait for it.
CERTAIN := $(OUT)/$(APART).ipynb
WAITED  := $(if $(filter certainty course lab slides,$(MAKECMDGOALS)),$(CERTAIN))

##@ Everyday

.PHONY: all
all: ran ## Check the dataset, then draw all figures and write all tables of it
	@$(SAY) 'All is up to date: %s (figures), %s (tables), %s (notebooks to read).' \
	    "$(FIGURES)/$(FOLDER)$(TONGUE)/" "$(DERIVED)/$(FOLDER)/" "$(OUT)/"

.PHONY: check
check: $(INSTALLED) $(OWN_ARRAYS) ## List every fault of the dataset: make check DATASET=data/my-lab
	@"$(PY)" -m mgbone.execute.cli check "$(DATASET)" $(SPEAK)

.PHONY: map
map: $(INSTALLED) ## Propose a qct_mapping.yml for a scanner's export: make map DATASET=data/my-lab
	@"$(PY)" -m mgbone.execute.cli map "$(DATASET)" $(SPEAK)

.PHONY: report
# Always written anew, which takes two seconds: it names the commit and the versions in use, which no time stamp tells.
report: ran $(WAITED) ## Write one page to hand on, and an RO-Crate of the run: make report DATASET=data/my-lab
	@"$(PY)" -m mgbone.execute.cli report --dataset "$(DATASET)" $(SPEAK) \
	    --figures "$(FIGURES)" --derived "$(DERIVED)" --build "$(BUILD)"

.PHONY: certainty cohorts arrays
certainty: $(CERTAIN) ## Ask how far each statement can be trusted (COHORTS=100000 SCHEDULER=tcp://host:8786 for more, ARRAY_COHORTS=1000 for arrays)
	@$(SAY) 'All is up to date: %s (figures), %s (tables), %s (notebooks to read).' \
	    "$(FIGURES)/$(FOLDER)$(TONGUE)/" "$(DERIVED)/$(FOLDER)/" "$(OUT)/"
cohorts: ran
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$(PY)" -m mgbone.execute.cli cohorts --dataset "$(DATASET)" $(SPEAK) --derived "$(DERIVED)" \
	    --cohorts "$(COHORTS)" $(if $(SCHEDULER),--scheduler "$(SCHEDULER)")
arrays: ran
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$(PY)" -m mgbone.execute.cli arrays --dataset "$(DATASET)" $(SPEAK) --derived "$(DERIVED)" --cohorts "$(ARRAY_COHORTS)"

.PHONY: explore
explore: ran $(WAITED) ## Write one page on which every gene, endpoint and statement can be searched
	@"$(PY)" -m mgbone.execute.cli explore --dataset "$(DATASET)" $(SPEAK) \
	    --figures "$(FIGURES)" --derived "$(DERIVED)" --build "$(BUILD)"

.PHONY: new-dataset
new-dataset: $(INSTALLED) ## Write a folder with a workbook for your own measurements: make new-dataset NAME=lab2026 (DESIGN=mine asks for your groups)
	@"$(PY)" -m mgbone.execute.cli new-dataset $(if $(DESIGN),--design "$(DESIGN)") $(if $(findstring command,$(origin NAME)),"$(NAME)") $(SPEAK)

.PHONY: course
# The report is there for the start page to lead to; an older one does.
course: all $(CERTAIN) $(if $(wildcard $(OUT)/report.html),,report) ## Write copies of the executed notebooks to work in; what you changed in one stays
	@"$(PY)" -m mgbone.execute.cli course --dataset "$(DATASET)" $(SPEAK) --course "$(COURSE)" \
	    --figures "$(FIGURES)" --derived "$(DERIVED)" --build "$(BUILD)"

.PHONY: lab
lab: course ## Open your copies in JupyterLab, at the start page
	JUPYTER_CONFIG_PATH="$(CURDIR)/src/mgbone/course/jupyter$(if $(TONGUE),:$(CURDIR)/src/mgbone/study/locale/jupyter)" \
	    "$(PY)" -m jupyterlab --ServerApp.root_dir=. \
	    --LabApp.default_url="/lab/tree/$(COURSE)/$(LANGUAGE)$(if $(filter-out data/simulated,$(DATASET)),/$(FOLDER))/00_start.ipynb"

.PHONY: slides
slides: ran $(CERTAIN) ## Write a deck of slides for each notebook, to teach from
	@"$(PY)" -m mgbone.execute.cli slides --dataset "$(DATASET)" $(SPEAK) \
	    --figures "$(FIGURES)" --derived "$(DERIVED)" --build "$(BUILD)"

.PHONY: site
site: $(SITE) ## Write the course as pages in both languages, to read and search without a network
	@"$(MAKE)" LANGUAGE=en all certainty report explore
	@$(WRITE_SITE) --language en
	@"$(MAKE)" LANGUAGE=ja all certainty report explore
	@$(WRITE_SITE) --language ja
WRITE_SITE = "$(PY)" -m mgbone.execute.cli site --dataset "$(DATASET)" \
    --figures "$(FIGURES)" --derived "$(DERIVED)" --build "$(BUILD)"

.PHONY: data
data: $(ARRAYS) ## Generate what is missing or changed of the two shipped, simulated datasets
	@"$(PY)" -m mgbone.simulate $(SHIPPED) $(SPEAK)

##@ Development

.PHONY: test
# A file of tests stays with one worker, so that what it prepares is prepared once. (By file and not by group: groups
# are silently without effect with pytest-xdist 3.8 under pytest 9.2.)
test: $(INSTALLED) $(SITE) $(ARRAYS) ## Run all tests (PYTEST="-k cel" picks some)
	"$(PY)" -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

.PHONY: lint
lint: $(INSTALLED) ## Look over code and notebooks: ruff, the contracts of imports, unused code
	"$(PY)" -m ruff check .
	"$(PY)" -m ruff format --check .
	"$(PY)" -c 'import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))'
	@mkdir -p "$(BUILD)"
	@"$(PY)" -m jupyter nbconvert --to script --stdout --log-level=ERROR notebooks/*.ipynb > "$(BUILD)/notebooks.py"
	"$(PY)" -m vulture src "$(BUILD)/notebooks.py"

.PHONY: messages
messages: $(INSTALLED) ## Bring the Japanese catalogue up to date with code, templates and notebooks
	@"$(PY)" -m tests.tools.messages

.PHONY: strip
strip: $(INSTALLED) ## Take outputs out of the notebooks and tidy them, before a commit
	"$(PY)" -m jupyter nbconvert --clear-output --inplace --log-level=WARN notebooks/*.ipynb
	"$(PY)" -m ruff format notebooks

.PHONY: bench
bench: $(INSTALLED) $(ARRAYS) ## Measure times and memory, and write them to BENCHMARKS.md (AGAINST=COMMIT beside an older commit)
	AGAINST="$(AGAINST)" "$(PY)" tests/bench/bench_make.py

.PHONY: genesets
genesets: $(INSTALLED) ## Fetch current gene sets (needs the network)
	@"$(PY)" -m mgbone.execute.cli genesets $(SPEAK)

.PHONY: lock
lock: $(INSTALLED) ## Resolve pyproject.toml into requirements.lock again (LOCK=--upgrade for newest versions)
	"$(PY)" -m uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --fork-strategy fewest --python-version 3.11 --no-header --quiet $(LOCK) \
	    --extra dev --output-file requirements.lock pyproject.toml > /dev/null
	"$(PY)" -m uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --fork-strategy fewest --python-version 3.11 --no-header --quiet --constraint requirements.lock \
	    --extra dev --extra site pyproject.toml | \
	    awk 'NR == FNR {known[$$0]; next} /^[a-z]/ {keep = !($$0 in known)} keep' requirements.lock - > requirements-site.lock

.PHONY: clean
clean: ## Remove all that was generated, except the committed figures, your copies in course/ and .venv
	rm -rf "$(BUILD)" "$(DERIVED)" $(SHIPPED:%=%/cel) $(SHIPPED:%=%/platform)
	rm -rf .pytest_cache .ruff_cache .hypothesis notebooks/.ipynb_checkpoints
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## Show this list
	@$(SAY) --targets Makefile
	@echo
	@$(SAY) 'Variables: %s (en or ja), as in: make all DATASET=data/null LANGUAGE=ja' \
	    "DATASET=$(DATASET) LANGUAGE=$(LANGUAGE)"

# --- environment ------------------------------------------------------------------------------------------------------

# First the locked packages, which seldom change, then this one, editable. While packages are being installed neither
# stamp exists: an installation that was stopped is begun anew, since a half-written package looks like an installed one.
# Bytecode is left to the first import, which compiles only what is used.
$(VENV)/.locked: requirements.lock
	@found=; for python in "$${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    $(SAY) 'Python 3.11 or later is needed; found: %s. Install one, or name it: make PYTHON=/path/to/python3 all' \
	        "$$(python3 --version 2>&1)" >&2; \
	    exit 1; \
	fi; \
	[ -s requirements.lock ] || { $(SAY) 'requirements.lock is empty. Take it from git again: git checkout requirements.lock' >&2; exit 1; }; \
	[ -f "$@" ] && "$(PY)" -c '' 2> /dev/null || told=$$("$$found" -m venv --clear "$(VENV)" 2>&1) || { \
	    $(SAY) 'A virtual environment could not be made (%s). On Debian and Ubuntu: apt install python3-venv' \
	        "$$(printf '%s' "$$told" | grep '[^ ]' | tail -n 1)" >&2; exit 1; }
	@rm -f "$@" "$(VENV)/.installed"
	@$(SAY) 'Installing the locked packages into %s (once, about a minute) ...' "$(VENV)"
	@$(INSTALL) --no-deps --no-compile --require-hashes -r requirements.lock
	@(cd "$(VENV)" && ls -d lib*/python*/site-packages/* | grep -v '/pip') > "$@"

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(INSTALL) || { rm -f "$<"; exit 1; }
	@touch "$@"

# What the site needs beside that; `make all` goes without.
$(VENV)/.site: requirements-site.lock $(VENV)/.installed
	@$(SAY) 'Installing what the site needs into %s (once) ...' "$(VENV)"
	@$(INSTALL) --no-deps --no-compile --require-hashes -r requirements-site.lock
	@touch "$@"

# --- shipped datasets -------------------------------------------------------------------------------------------------

# What the data package lists but the folder lacks has to be generated (again).
listed = $(shell sed -n 's|^ *"path": *"\([^":]*\)".*|$1/\1|p' "$1/datapackage.json" 2> /dev/null)
absent = $(filter-out $(wildcard $1),$1)

$(ARRAYS): data/%/cel/.complete: $(wildcard $(addprefix src/mgbone/simulate/*.,py csv yml) data/genesets/chip_genes.*) data/study.yml | $(INSTALLED)
	@$(SAY) '%s: generating the arrays that are missing ...' "data/$*"
	@"$(PY)" -m mgbone.simulate data/$* $(SPEAK)
	@touch "$@"
define regenerate
$1/cel/.complete: $(if $(call absent,$(call listed,$1)),FORCE)
endef
$(foreach shipped,$(SHIPPED),$(eval $(call regenerate,$(shipped))))

# --- notebooks --------------------------------------------------------------------------------------------------------

# A notebook rests on the rooms that all share and on its own part: the import contracts in pyproject.toml see to it.
CODE   := $(shell find src/mgbone -name __pycache__ -prune -o -type f ! -name '.*' -print)
code    = $(filter $(addprefix src/mgbone/,__init__.py $1),$(filter-out $(addprefix src/mgbone/execute/,report/% site/% slides.%),$(CODE)))
DOOR   := study/% dataset/%
TESTS  := $(DOOR) evidence/% claims/%
GROUND := $(TESTS) figures/% course/% execute/%
01_biochem.part     := biochem/%
02_qct.part         := qct.py
03_microarray.part  := microarray/%
04_integration.part := biochem/% qct.py microarray/% integration/%
05_certainty.part   := $(04_integration.part) certainty/%

# The settings of the last run. They are written anew, and all notebooks run, only when one has changed.
SETTINGS := $(DATASET)|$(FIGURES)|$(DERIVED)
RECORDED := $(shell cat "$(OUT)/settings" 2> /dev/null)
# What the folder holds outputs of, whatever their language.
BEFORE   := $(sort $(shell cut -d '|' -f 1 "$(BUILD)/$(FOLDER)"/settings "$(BUILD)/$(FOLDER)"/ja/settings 2> /dev/null))

$(OUT)/settings: $(if $(filter $(SETTINGS),$(RECORDED)),,FORCE)
	@for before in $(BEFORE); do [ "$$before" = "$(DATASET)" ] || [ "$$before" -ef "$(DATASET)" ] || { \
	    $(SAY) 'The name %s is taken: %s holds what was made from %s. Rename one of the two folders, or run make clean if the other one is gone.' \
	        "$(FOLDER)" "$(BUILD)/$(FOLDER)" "$$before" >&2; exit 1; }; done
	@{ mkdir -p "$(@D)" && echo '$(SETTINGS)' > "$@"; } 2> /dev/null || { \
	    $(SAY) 'Nothing can be written into %s. Check its permissions, or name another folder: make all BUILD=...' "$(@D)" >&2; exit 1; }

# The dataset is checked when anything in it is newer than the last check, or was put in place since, whatever time it
# bears (cp -p). The notebooks depend on the digest, which changes only with the content.
CHANGED := $(shell find "$(DATASET)" ! -name '.*' \( -newer "$(OUT)/dataset.checked" -o -cnewer "$(OUT)/dataset.checked" \) \
    2> /dev/null | head -n 1)

$(OUT)/dataset.checked: $(OWN_ARRAYS) $(LOCKED) data/study.yml $(call code,$(DOOR)) $(if $(CHANGED),FORCE) | $(INSTALLED) $(OUT)/settings
	@"$(PY)" -m mgbone.execute.cli check "$(DATASET)" --record "$(OUT)" $(SPEAK)
$(OUT)/dataset.digest: $(OUT)/dataset.checked ;

# The notebooks of which a file that they wrote is gone: each leaves a list of them.
LOST := $(shell for stem in $(NOTEBOOKS) $(APART); do \
    list="$(DERIVED)/$(FOLDER)$(TONGUE)/$$stem.outputs.txt"; \
    { echo "$$list"; cat "$$list" 2> /dev/null; } | while read -r path; do [ -e "$$path" ] || echo $$stem; done; done)

define notebook
$(OUT)/$1.ipynb: notebooks/$1.ipynb $(OUT)/dataset.digest $(OUT)/settings $(LOCKED) data/study.yml \
    $(wildcard data/glossary.yml data/faulty/*.csv data/report/*) $(call code,$(GROUND) $($1.part)) $(if $(filter $1,$(LOST)),FORCE) | $(INSTALLED)
endef
$(foreach name,$(NOTEBOOKS) $(APART),$(eval $(call notebook,$(name))))

$(OUT)/03_microarray.ipynb: $(wildcard data/genesets/*)
$(LAST:%=$(OUT)/%.ipynb): $(FIRST:%=$(OUT)/%.ipynb) $(CONTROL)
$(CERTAIN): $(EXECUTED) $(if $(COHORTS),cohorts) $(if $(ARRAY_COHORTS),arrays) | ran

# What is out of date is removed and noted down; then one process, which loads the packages once, makes all of it.
run = "$(PY)" -m mgbone.execute.cli run $1 --dataset "$(DATASET)" $(SPEAK) --figures "$(FIGURES)" --derived "$(DERIVED)" --build "$(BUILD)"
$(EXECUTED):
	@rm -f "$@"$(eval DUE += $(@F))
$(DERIVED)/null/control_evidence.csv: data/null/cel/.complete $(wildcard data/null/*.* data/genesets/*) $(LOCKED) data/study.yml \
    $(call code,$(TESTS) $(04_integration.part)) | $(INSTALLED)
	@rm -f "$@"$(eval BESIDE += --control "$@")
# Start page and glossary lead to the notebooks and back, whether these have run or not.
$(OUT)/glossary.html: $(wildcard notebooks/*.ipynb data/glossary.yml) $(LOCKED) $(call code,study/% course/% execute/%) \
    | $(INSTALLED) $(OUT)/dataset.digest $(OUT)/settings
	@rm -f "$@"$(eval BESIDE += --pages)
due = $(addprefix notebooks/,$(filter $(1:=.ipynb),$(DUE)))
.PHONY: ran
ran: $(EXECUTED) $(OUT)/glossary.html
	@$(if $(DUE)$(BESIDE),$(call run,$(call due,$(FIRST)) --last $(call due,$(LAST)) $(BESIDE) --at-once $(AT_ONCE)))
$(CERTAIN):
	@$(call run,notebooks/$(@F))

.PHONY: FORCE
FORCE:
