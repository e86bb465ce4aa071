# TAB for mk8s in bash; the candidates come from the program. Made by `mk8s completion bash`.
_mk8s() {
    local cur=${COMP_WORDS[COMP_CWORD]} kind= word
    # bash splits words at = and : and leaves the sign where nothing follows.
    [[ $cur == [=:] ]] && cur=
    COMPREPLY=()
    while IFS= read -r word; do
        if [[ -z $kind ]]; then
            kind=$word
        else
            COMPREPLY+=("$word")
        fi
    done < <(mk8s __complete bash "${COMP_LINE:0:COMP_POINT}" "$cur" 2>/dev/null)
    case $kind in
    files)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        ;;
    folders)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        ;;
    programs) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
    esac
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=,] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _mk8s mk8s
