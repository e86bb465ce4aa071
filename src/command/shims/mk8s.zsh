#compdef mk8s
# TAB for mk8s in zsh; the candidates come from the program. Made by `mk8s completion zsh`.
_mk8s() {
    local -a lines words_ shown open_ open_shown
    local kind line
    lines=("${(@f)$(mk8s __complete zsh "${(@Q)words[1,CURRENT]}" 2>/dev/null)}")
    kind=$lines[1]
    for line in "${(@)lines[2,-1]}"; do
        [[ -n $line ]] || continue
        if [[ ${line%%$'\t'*} == *[=,] ]]; then
            open_+=("${line%%$'\t'*}")
            open_shown+=("${line/$'\t'/  -- }")
        else
            words_+=("${line%%$'\t'*}")
            shown+=("${line/$'\t'/  -- }")
        fi
    done
    (( $#words_ )) && compadd -l -d shown -a words_
    (( $#open_ )) && compadd -l -S '' -d open_shown -a open_
    case $kind in
    files) compset -P '*='; _files ;;
    folders) compset -P '*='; _files -/ ;;
    programs) _command_names -e ;;
    esac
}
if [[ $funcstack[1] == _mk8s ]]; then
    _mk8s "$@"
else
    compdef _mk8s mk8s
fi
