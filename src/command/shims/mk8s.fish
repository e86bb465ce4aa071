# TAB for mk8s in fish; the candidates come from the program. Made by `mk8s completion fish`.
function __mk8s_complete
    # Behind a sign the shell's own part begins.
    set -l head (string match -r -- '^--[^=]+=' (commandline -ct))
    set -l part (string replace -r -- '^--[^=]+=' '' (commandline -ct))
    set -l lines (mk8s __complete fish (commandline -opc) (commandline -ct) 2>/dev/null)
    switch "$lines[1]"
        case files
            for path in (__fish_complete_path "$part")
                echo "$head$path"
            end
        case folders
            for path in (__fish_complete_directories "$part")
                echo "$head$path"
            end
        case programs
            complete -C (commandline -ct)
    end
    printf '%s\n' $lines[2..-1]
end
complete -c mk8s -f -a '(__mk8s_complete)'
