# Install packages, and say in one line what to do where that fails; all that pip says is kept in a file.
#   install.sh LANGUAGE PYTHON LOG ARGUMENTS...  what to hand to pip install
#   install.sh LANGUAGE PYTHON LOG               whether the packages are complete
here=$(dirname "$0") language=$1 python=$2 log=$3
shift 3
fail() { sh "$here/say.sh" "$language" "$@" >&2; exit 1; }

if [ $# -gt 0 ]; then
    "$python" -m pip install -q "$@" > "$log" 2>&1
else
    # What pyproject.toml leaves out on purpose is not missed.
    for name in $(sed -n "s/^ *\"\(.*\) ; python_version < '3'\",\$/\1/p" pyproject.toml); do
        omitted="$omitted -e requires.$name,"
    done
    "$python" -m pip check 2>&1 | grep -v $omitted -e '^No broken requirements' > "$log"
    [ ! -s "$log" ]
fi
status=$?
if [ $status -eq 0 ]; then rm -f "$log"; exit 0; fi

last=$(grep '[^ ]' "$log" | tail -n 1 | cut -c 1-200)
found() { grep -qiE "$1" "$log"; }
if found 'cancelled by user' || [ $status -ge 128 ]; then
    fail 'Installing was stopped. Write make again: it begins anew.'
elif found 'no space left|disk quota'; then
    fail 'The disk is full: the packages need about 2 GB. Make room, then write make again.'
elif found 'hashes|invalid requirement|at least one requirement|not installed|is required|incompatible|has requirement'; then
    fail 'requirements.lock is damaged or not whole (%s). Take it from git again: git checkout requirements.lock' "$last"
elif found 'connection|timed out|resolution|network|proxy|SSL|from versions: none|retrying|HTTP error'; then
    fail 'The packages could not be fetched (%s). Is there a network, or a proxy to be named as HTTPS_PROXY? Then write make again.' "$last"
elif found 'no module named pip'; then
    fail 'The environment has no pip. On Debian and Ubuntu: apt install python3-venv; then delete %s and write make again.' "$(dirname "$log")"
else
    fail 'The packages could not be installed; all that pip says stands in %s. Its last line: %s' "$log" "$last"
fi
