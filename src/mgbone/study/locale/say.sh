# Say what the Makefile says, in a language and before any package is there.
#   say.sh LANGUAGE FORMAT [VALUE...]   one message, filled in as by printf
#   say.sh LANGUAGE --targets MAKEFILE  what can be asked for: every "target: ## what it does"
language=$1 message=$2
shift 2
export language message
said=$(awk -v catalogue="$(dirname "$0")/$language.po" '
    function text(line) { sub(/^[a-z]* ?"/, "", line); sub(/"$/, "", line); gsub(/\\"/, "\"", line); return line }
    function said(english) { return known[english] == "" ? english : known[english] }
    BEGIN {
        while ((getline line < catalogue) > 0) {
            if (line ~ /^msgid "/) { id = text(line); where = "id" }
            else if (line ~ /^msgstr "/) { known[id] = text(line); where = "string" }
            else if (line ~ /^"/ && where == "id") id = id text(line)
            else if (line ~ /^"/) known[id] = known[id] text(line)
        }
        if (ENVIRON["message"] != "--targets") { print said(ENVIRON["message"]); exit }
    }
    /^##@ / { printf "\n%s\n", said(substr($0, 5)) }
    /^[a-z-]+:.*## / { target = $0; sub(/:.*/, "", target); sub(/^.*## /, ""); printf "  make %-11s %s\n", target, said($0) }
' $([ "$message" = --targets ] && printf '%s' "$1"))
if [ "$message" = --targets ]; then printf '%s\n' "$said"; else printf "$said\n" "$@"; fi
