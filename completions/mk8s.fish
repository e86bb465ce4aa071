# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mk8s_global_optspecs
    string join \n o/output= error-format= q/quiet v/verbose d/debug color= y/yes no-input org= profile= endpoint= token= token-file= k/insecure timeout= h/help V/version
end

function __fish_mk8s_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mk8s_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mk8s_using_subcommand
    set -l cmd (__fish_mk8s_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mk8s -n "__fish_mk8s_needs_command" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_needs_command" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_needs_command" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_needs_command" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_needs_command" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_needs_command" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_needs_command" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_needs_command" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_needs_command" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_needs_command" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_needs_command" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_needs_command" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_needs_command" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_needs_command" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_needs_command" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_needs_command" -s V -l version -d 'Print version'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "addon" -d 'Switch add-ons on and off, and look at them'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "aws" -d 'Make what an add-on needs in AWS, and take it down'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "apply" -d 'Create or update clusters from manifests'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "diff" -d 'Compare the add-ons of manifests with live clusters'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "check" -d 'Check that what is on can work, down to the image'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "doctor" -d 'Check that what is on can work, down to the image'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "validate" -d 'Hold manifests against the schema of the platform'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "journal" -d 'Show what a run over many clusters did'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "undo" -d 'Take back what a run changed of add-ons'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "history" -d 'List the runs that can be undone'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "cluster" -d 'Look at clusters'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "auth" -d 'Show who is logged in, and where'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "sandbox" -d 'Rehearse against an embedded Control Plane'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "completion" -d 'Print a completion script'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "schema" -d 'Print the JSON Schema of manifests or of a document'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "version" -d 'Print the version'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "help" -d 'Say all about a command or a topic'
complete -c mk8s -n "__fish_mk8s_needs_command" -f -a "man" -d 'Print or write the manual pages'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -s c -l cluster -d 'Live cluster, or with -f the document\'s name, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l accessible -d 'Numbered questions in plain lines, for a screen reader'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -f -a "list" -d 'List the add-ons; with a target, what is on'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -f -a "show" -d 'Show the settings and status of an add-on'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -f -a "explain" -d 'Explain an add-on: settings, prerequisites, cloud side'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -f -a "enable" -d 'Turn an add-on on, or change its settings'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -f -a "disable" -d 'Turn an add-on off'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -f -a "set" -d 'Turn several add-ons on and off, as a file has them'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -f -a "copy" -d 'Bring the add-ons of one cluster to others'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -f -a "pull" -d 'Write live add-ons back into a manifest'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -f -a "trust-policy" -d 'Print the trust policy that a cluster publishes'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and not __fish_seen_subcommand_from list show explain enable disable set copy pull trust-policy oidc-url" -f -a "oidc-url" -d 'Print the OIDC issuer URL of a cluster'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -s c -l cluster -d 'Live cluster, or with -f the document\'s name, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l on -d 'Clusters on which the add-on is on, alone (can be repeated)' -r -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l off -d 'Clusters on which the add-on is off, alone (can be repeated)' -r -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -s c -l cluster -d 'Live cluster, or with -f the document\'s name, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l exit-code -d 'Exit code 10 when it is off'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -s c -l cluster -d 'Live cluster, or with -f the document\'s name, where it is looked up as well (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin where it is looked up as well (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -s c -l cluster -d 'Live cluster, or with -f the document\'s name, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l set -d 'Setting, its type as in `mk8s addon explain` (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l set-string -d 'Setting as a text, known to mk8s or not (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l set-json -d 'Setting as JSON, known to mk8s or not (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l unset -d 'Setting to remove (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l settings -d 'File with an object of settings, YAML or JSON, or `-` for stdin; what it does not name is kept' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l expect -d 'Value that a setting must have now, else nothing is written; none if empty (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l account -d 'AWS account in which it is made; that of the role, the image, the cluster or the caller if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l image -d 'Image that is to be pulled; names the account' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l role-name -d 'Name of the role; mk8s-ORG-CLUSTER-ecr if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l shared-role -d 'Name of one role for all clusters of the run: each gets a statement in its trust policy' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l role-path -d 'Path of a new role, such as /team/' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l permissions-boundary -d 'Permissions boundary of a new role' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l tag -d 'Tag of a new role (can be repeated)' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l max-session-duration -d 'Longest session of a new role, in seconds or as 1h' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l pull-policy -d 'Policy that lets the role pull: read-only, pull-only or an ARN; read-only if none is there' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l thumbprint -d 'SHA-1 of the issuer\'s private authority, checked elsewhere, to be registered with the OIDC provider; left to IAM if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l accept-trust -d 'Finding in the published trust policy that is written all the same (can be repeated)' -r -f -a "subject\t'A class of the cluster\'s service accounts, whatever is wrong with :sub'
audience\t'The audience is not asked for'
principal\t'Others than the cluster\'s issuer'
action\t'Another action than the exchange of a token'
condition\t'A condition or an element that is not understood'
effect\t'Another effect than Allow'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l aws-profile -d 'Profile of the AWS tools' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l aws-region -d 'Region that signs the requests; IAM itself has none' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l aws-endpoint-url -d 'Address of all AWS services, for emulators' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l emit -d 'Text for the source of another tool: terraform, pulumi or yaml; nothing is changed' -r -f -a "terraform\t'The block `add_ons` of a `cpln_mk8s`'
pulumi\t'The property `addOns` of a `cpln:Mk8s`, as YAML'
yaml\t'`spec.addOns`, as in a manifest or a chart'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l canary -d 'Clusters that are changed before all others, one after another: N, P% or names; the run ends if one of them fails, or more than --max-failures' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l batch -d 'Then so many of the rest, those before counted in, such as 1,10%,100%' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l max-failures -d 'Failures after which no more are begun; any number if omitted, but none in the canary' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l max-unreachable -d 'The same of clusters that cannot be reached' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l parallel -d 'Clusters that are worked on at a time, at most; as many as the server takes if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l rate -d 'Requests that go out in a second (N/s) or a minute (N/m), at most; learned from the server if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l journal -d 'File in which the run is kept, to be taken up again; one below `$XDG_STATE_HOME/mk8s/journal` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l resume -d 'Run to be taken up again, by its journal: the same command, on what it has not done yet' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l wait -d 'Time for the status to show it; 5m if no duration follows' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l report -d 'Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the step\'s summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted' -r -f -a "github\t'GitHub Actions'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l report-file -d 'File that gets the same page in Markdown, short enough for a comment; it is replaced; `MK8S_REPORT_FILE` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l replace-settings -d 'Settings of the file alone: what it does not name goes'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l unknown -d 'Key or settings that mk8s does not know'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l with-prerequisites -d 'The add-ons that it needs as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l create-role -d 'Role and OIDC provider in AWS as well, as `mk8s aws setup` makes them'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l replace-trust -d 'Trust policy as a whole: other statements go'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l no-backup -d 'No copy of a policy before it is changed'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l apply -d 'Live clusters as well as the files: files first'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l in-place -d 'New text into the file itself, through all its hard links'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l keep-comments -d 'Comments of what is removed stay in the file'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l pause -d 'Question before each further stage; nobody there ends the run'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l fail-fast -d '--max-failures 0 and --max-unreachable 0, and nothing at all if a cluster is refused or cannot be read'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l force -d 'Change past a rule of mk8s (prerequisite, dependants)'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l allow-placeholders -d 'Values such as `${ROLE_ARN}` in files, which another tool fills in'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l history -d 'Record of the run for `mk8s undo` under CI as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l dry-run -d 'Preview on stdout; nothing is written or sent'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l exit-code -d 'Exit code 10 when a dry run finds differences'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr" -d 'Pull images from private Amazon ECR registries'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-efs" -d 'Mount Amazon EFS file systems as volumes'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-elb" -d 'Make AWS load balancers for services and ingresses'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-workload-identity" -d 'Let pods assume IAM roles'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "azure-acr" -d 'Pull images from private Azure Container Registries'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "azure-workload-identity" -d 'Give pods Entra identities'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "byok" -d 'Make the cluster a Control Plane location'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "dashboard" -d 'Serve the Kubernetes Dashboard'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "headlamp" -d 'Serve the Headlamp user interface'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "kata" -d 'Run pods in virtual machines of their own'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "kubevirt" -d 'Run virtual machines'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "local-path-storage" -d 'Offer volumes on the node\'s own disk'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "logs" -d 'Send pod logs and audit records to Control Plane'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "metrics" -d 'Send Prometheus metrics to Control Plane'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "node-local-dns" -d 'Cache DNS answers on every node'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "nvidia" -d 'Run GPU workloads on NVIDIA nodes'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "registry-mirror" -d 'Share pulled images between nodes'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "sysbox" -d 'Run Docker and Kubernetes inside pods'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -s c -l cluster -d 'Live cluster, or with -f the document\'s name, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l confirm -d 'Name of the cluster, where turning the add-on off endangers more than itself (byok)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l expect -d 'Value that a setting must have now, else nothing is written; none if empty (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l canary -d 'Clusters that are changed before all others, one after another: N, P% or names; the run ends if one of them fails, or more than --max-failures' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l batch -d 'Then so many of the rest, those before counted in, such as 1,10%,100%' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l max-failures -d 'Failures after which no more are begun; any number if omitted, but none in the canary' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l max-unreachable -d 'The same of clusters that cannot be reached' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l parallel -d 'Clusters that are worked on at a time, at most; as many as the server takes if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l rate -d 'Requests that go out in a second (N/s) or a minute (N/m), at most; learned from the server if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l journal -d 'File in which the run is kept, to be taken up again; one below `$XDG_STATE_HOME/mk8s/journal` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l resume -d 'Run to be taken up again, by its journal: the same command, on what it has not done yet' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l wait -d 'Time for the status to show it; 5m if no duration follows' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l report -d 'Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the step\'s summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted' -r -f -a "github\t'GitHub Actions'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l report-file -d 'File that gets the same page in Markdown, short enough for a comment; it is replaced; `MK8S_REPORT_FILE` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l with-dependants -d 'The add-ons that need it as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l apply -d 'Live clusters as well as the files: files first'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l in-place -d 'New text into the file itself, through all its hard links'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l keep-comments -d 'Comments of what is removed stay in the file'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l pause -d 'Question before each further stage; nobody there ends the run'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l fail-fast -d '--max-failures 0 and --max-unreachable 0, and nothing at all if a cluster is refused or cannot be read'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l force -d 'Change past a rule of mk8s (prerequisite, dependants)'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l allow-placeholders -d 'Values such as `${ROLE_ARN}` in files, which another tool fills in'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l history -d 'Record of the run for `mk8s undo` under CI as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l dry-run -d 'Preview on stdout; nothing is written or sent'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l exit-code -d 'Exit code 10 when a dry run finds differences'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -s c -l cluster -d 'Live cluster, or with -f the document\'s name, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l expect -d 'Setting of an add-on that has to stand there now, such as logs.auditEnabled=true; without a value none (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l confirm -d 'Cluster\'s name, where an add-on goes that runs the cluster' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l canary -d 'Clusters that are changed before all others, one after another: N, P% or names; the run ends if one of them fails, or more than --max-failures' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l batch -d 'Then so many of the rest, those before counted in, such as 1,10%,100%' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l max-failures -d 'Failures after which no more are begun; any number if omitted, but none in the canary' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l max-unreachable -d 'The same of clusters that cannot be reached' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l parallel -d 'Clusters that are worked on at a time, at most; as many as the server takes if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l rate -d 'Requests that go out in a second (N/s) or a minute (N/m), at most; learned from the server if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l journal -d 'File in which the run is kept, to be taken up again; one below `$XDG_STATE_HOME/mk8s/journal` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l resume -d 'Run to be taken up again, by its journal: the same command, on what it has not done yet' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l wait -d 'Time for the status to show it; 5m if no duration follows' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l report -d 'Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the step\'s summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted' -r -f -a "github\t'GitHub Actions'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l report-file -d 'File that gets the same page in Markdown, short enough for a comment; it is replaced; `MK8S_REPORT_FILE` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l prune -d 'Add-ons that the file does not name go off'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l prune-unknown -d 'Keys that mk8s does not know go off as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l allow-empty -d 'Set without any add-on'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l unknown -d 'Keys that mk8s does not know'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l apply -d 'Live clusters as well as the files: files first'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l in-place -d 'New text into the file itself, through all its hard links'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l keep-comments -d 'Comments of what is removed stay in the file'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l pause -d 'Question before each further stage; nobody there ends the run'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l fail-fast -d '--max-failures 0 and --max-unreachable 0, and nothing at all if a cluster is refused or cannot be read'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l force -d 'Change past a rule of mk8s (prerequisite, dependants)'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l allow-placeholders -d 'Values such as `${ROLE_ARN}` in files, which another tool fills in'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l history -d 'Record of the run for `mk8s undo` under CI as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l dry-run -d 'Preview on stdout; nothing is written or sent'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l exit-code -d 'Exit code 10 when a dry run finds differences'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l from -d 'Live cluster whose add-ons are taken' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l to -d 'Live clusters that get them' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l confirm -d 'Cluster\'s name, where an add-on goes that runs the cluster' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l canary -d 'Clusters that are changed before all others, one after another: N, P% or names; the run ends if one of them fails, or more than --max-failures' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l batch -d 'Then so many of the rest, those before counted in, such as 1,10%,100%' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l max-failures -d 'Failures after which no more are begun; any number if omitted, but none in the canary' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l max-unreachable -d 'The same of clusters that cannot be reached' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l parallel -d 'Clusters that are worked on at a time, at most; as many as the server takes if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l rate -d 'Requests that go out in a second (N/s) or a minute (N/m), at most; learned from the server if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l journal -d 'File in which the run is kept, to be taken up again; one below `$XDG_STATE_HOME/mk8s/journal` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l resume -d 'Run to be taken up again, by its journal: the same command, on what it has not done yet' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l report -d 'Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the step\'s summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted' -r -f -a "github\t'GitHub Actions'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l report-file -d 'File that gets the same page in Markdown, short enough for a comment; it is replaced; `MK8S_REPORT_FILE` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l with-identities -d 'roleArn, clientId, tenantId and location too'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l prune -d 'Add-ons that the first cluster does not have go off'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l force -d 'Change past a rule of mk8s (prerequisite, dependants)'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l history -d 'Record of the run for `mk8s undo` under CI as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l dry-run -d 'Preview on stdout; nothing is sent'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l exit-code -d 'Exit code 10 when a dry run finds differences'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l pause -d 'Question before each further stage; nobody there ends the run'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l fail-fast -d '--max-failures 0 and --max-unreachable 0, and nothing at all if a cluster is refused or cannot be read'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -s c -l cluster -d 'Live cluster whose add-ons are taken, or a pattern such as \'prod-*\' (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -s f -l file -d 'Manifest that gets them; one that is not there is made of the whole cluster' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l dir -d 'Folder whose manifests get them; a cluster that none describes gets a new file in it' -r -f -a "(__fish_complete_directories)"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l report -d 'Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the step\'s summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted' -r -f -a "github\t'GitHub Actions'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l report-file -d 'File that gets the same page in Markdown, short enough for a comment; it is replaced; `MK8S_REPORT_FILE` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l in-place -d 'New text into the file itself, through all its hard links'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l keep-comments -d 'Comments of what is removed stay in the file'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l history -d 'Record of the run for `mk8s undo` under CI as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l dry-run -d 'Preview on stdout; nothing is written'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l exit-code -d 'Exit code 10 when a dry run finds differences'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -s c -l cluster -d 'Live cluster, or with -f the document\'s name; `MK8S_CLUSTER` if neither is given' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l account -d 'AWS account to set in the document; left as served if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l wait -d 'Time for it to be published; 5m if no duration follows' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -s c -l cluster -d 'Live cluster, or with -f the document\'s name; `MK8S_CLUSTER` if neither is given' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -s h -l help -d 'Print help'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -f -a "setup" -d 'Make OIDC provider, role and trust policy for an add-on'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -f -a "emit" -d 'Print what setup would make, for others to run'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -f -a "repository-policy" -d 'Print or set what a repository of another account must allow'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -f -a "status" -d 'Show what exists in AWS for an add-on, and what differs'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -f -a "teardown" -d 'Take down what mk8s made in AWS for an add-on'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -f -a "permissions" -d 'Print the least IAM policy that the caller needs'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and not __fish_seen_subcommand_from setup emit repository-policy status teardown permissions workload" -f -a "workload" -d 'Print a Deployment that pulls an image from ECR'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -s c -l cluster -d 'Live cluster, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -s f -l file -d 'File with the cluster as the API gives it, or `-` for stdin; for --emit and --repository-policy, then offline' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l role-arn -d 'Role to use, made if it is missing; the one that is set if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l account -d 'AWS account in which it is made; that of the role, the image, the cluster or the caller if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l image -d 'Image that is to be pulled; names the account' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l role-name -d 'Name of the role; mk8s-ORG-CLUSTER-ecr if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l shared-role -d 'Name of one role for all clusters of the run: each gets a statement in its trust policy' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l role-path -d 'Path of a new role, such as /team/' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l permissions-boundary -d 'Permissions boundary of a new role' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l tag -d 'Tag of a new role (can be repeated)' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l max-session-duration -d 'Longest session of a new role, in seconds or as 1h' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l pull-policy -d 'Policy that lets the role pull: read-only, pull-only or an ARN; read-only if none is there' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l thumbprint -d 'SHA-1 of the issuer\'s private authority, checked elsewhere, to be registered with the OIDC provider; left to IAM if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l accept-trust -d 'Finding in the published trust policy that is written all the same (can be repeated)' -r -f -a "subject\t'A class of the cluster\'s service accounts, whatever is wrong with :sub'
audience\t'The audience is not asked for'
principal\t'Others than the cluster\'s issuer'
action\t'Another action than the exchange of a token'
condition\t'A condition or an element that is not understood'
effect\t'Another effect than Allow'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l aws-profile -d 'Profile of the AWS tools' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l aws-region -d 'Region that signs the requests; IAM itself has none' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l aws-endpoint-url -d 'Address of all AWS services, for emulators' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l only -d 'Part to make alone' -r -f -a "oidc-provider\t'The OIDC provider'
role\t'The role'
trust\t'Its trust policy'
policy\t'Its pull policy'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l emit -d 'Form in which everything is printed for others to run; nothing is changed, and no AWS credentials are needed' -r -f -a "plan\t'The plan'
aws-cli\t'A shell script that calls the AWS CLI'
terraform\t'Terraform'
cloudformation\t'A CloudFormation template'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l wait -d 'Longest wait for what the cluster publishes; 5m if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l journal -d 'File in which a run on several clusters is kept, to be taken up again; one below `$XDG_STATE_HOME/mk8s/journal` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l resume -d 'Run to be taken up again, by its journal: the same command, on what it has not done yet' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l replace-trust -d 'Trust policy as a whole: other statements go'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l no-backup -d 'No copy of a policy before it is changed'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l repository-policy -d 'Statement that the repository of --image needs when it belongs to another account than the role; nothing is changed'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l apply-repository-policy -d 'That statement put into the repository\'s policy, with credentials of its account'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l history -d 'Record of the run for `mk8s undo` under CI as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l dry-run -d 'Preview on stdout; nothing is sent'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l exit-code -d 'Exit 10 when a dry run finds something to do'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -s c -l cluster -d 'Live cluster, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -s f -l file -d 'File with the cluster as the API gives it, or `-` for stdin; then offline' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l format -d 'Form in which everything is printed' -r -f -a "plan\t'The plan'
aws-cli\t'A shell script that calls the AWS CLI'
terraform\t'Terraform'
cloudformation\t'A CloudFormation template'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l role-arn -d 'Role to use, made if it is missing; the one that is set if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l account -d 'AWS account in which it is made; that of the role, the image, the cluster or the caller if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l image -d 'Image that is to be pulled; names the account' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l role-name -d 'Name of the role; mk8s-ORG-CLUSTER-ecr if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l shared-role -d 'Name of one role for all clusters of the run: each gets a statement in its trust policy' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l role-path -d 'Path of a new role, such as /team/' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l permissions-boundary -d 'Permissions boundary of a new role' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l tag -d 'Tag of a new role (can be repeated)' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l max-session-duration -d 'Longest session of a new role, in seconds or as 1h' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l pull-policy -d 'Policy that lets the role pull: read-only, pull-only or an ARN; read-only if none is there' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l thumbprint -d 'SHA-1 of the issuer\'s private authority, checked elsewhere, to be registered with the OIDC provider; left to IAM if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l accept-trust -d 'Finding in the published trust policy that is written all the same (can be repeated)' -r -f -a "subject\t'A class of the cluster\'s service accounts, whatever is wrong with :sub'
audience\t'The audience is not asked for'
principal\t'Others than the cluster\'s issuer'
action\t'Another action than the exchange of a token'
condition\t'A condition or an element that is not understood'
effect\t'Another effect than Allow'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l aws-profile -d 'Profile of the AWS tools' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l aws-region -d 'Region that signs the requests; IAM itself has none' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l aws-endpoint-url -d 'Address of all AWS services, for emulators' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l only -d 'Part to print alone' -r -f -a "oidc-provider\t'The OIDC provider'
role\t'The role'
trust\t'Its trust policy'
policy\t'Its pull policy'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l wait -d 'Longest wait for what the cluster publishes; no wait if omitted, 5m without a value' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l replace-trust -d 'Trust policy as a whole: other statements go'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l no-backup -d 'No copy of a policy before it is changed'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -s c -l cluster -d 'Live cluster, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -s f -l file -d 'File with the cluster as the API gives it, or `-` for stdin' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l image -d 'Image in the repository' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l role-arn -d 'Role to admit; the one that is set if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l role-name -d 'Name of the role; mk8s-ORG-CLUSTER-ecr if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l account -d 'AWS account of the role' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l aws-profile -d 'Profile of the AWS tools' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l aws-region -d 'Region that signs the requests; IAM itself has none' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l aws-endpoint-url -d 'Address of all AWS services, for emulators' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l apply -d 'Statement put into the repository\'s policy, with credentials of its account'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l no-backup -d 'No copy of the policy before it is changed'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l dry-run -d 'Preview on stdout; nothing is sent'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l exit-code -d 'Exit 10 when a dry run finds something to do'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -s c -l cluster -d 'Live cluster, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l role-arn -d 'Role to look at; the one that is set if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l account -d 'AWS account to look in' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l role-name -d 'Name of the role' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l aws-profile -d 'Profile of the AWS tools' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l aws-region -d 'Region that signs the requests; IAM itself has none' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l aws-endpoint-url -d 'Address of all AWS services, for emulators' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l exit-code -d 'Exit 10 when something is missing or differs'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -s c -l cluster -d 'Live cluster, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if no target is given (can be repeated)' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l account -d 'AWS account to work in' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l role-name -d 'Name of the role' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l aws-profile -d 'Profile of the AWS tools' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l aws-region -d 'Region that signs the requests; IAM itself has none' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l aws-endpoint-url -d 'Address of all AWS services, for emulators' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l orphans -d 'What clusters of the org that are gone left behind, instead'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l with-oidc-provider -d 'OIDC provider and aws-workload-identity as well, if nothing else needs them'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l keep-addon -d 'Add-on left on, its role cleared'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l no-backup -d 'No copy of a trust policy before it is changed'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l history -d 'Record of the run for `mk8s undo` under CI as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l dry-run -d 'Preview on stdout; nothing is sent'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l exit-code -d 'Exit 10 when a dry run finds something to do'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l for -d 'Command that the policy is for; status, setup and teardown if omitted (can be repeated)' -r -f -a "status\t'Reading'
setup\t'Making'
teardown\t'Taking down'
check\t'The checklist, which reads repositories and images too'
repository-policy\t'Admitting a role in the account of a repository'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -s c -l cluster -d 'Cluster whose role it is limited to, by the name that setup gives it (can be repeated)' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l account -d 'AWS account that it is limited to' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l partition -d 'Partition of that account' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l role-name -d 'Name of the role; all that begin with mk8s- if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l role-path -d 'Path of the role, such as /team/; / if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l pull-policy -d 'Policy that can be attached and detached: read-only, pull-only or an ARN; read-only if omitted (can be repeated)' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l permissions-boundary -d 'Permissions boundary that every new role must get' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l image -d 'Image in a private ECR registry' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l account -d 'AWS account of the registry' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l region -d 'Region of the registry' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l repository -d 'Repository, with a tag if wanted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l name -d 'Name of the Deployment; example-ecr if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l namespace -d 'Namespace of the Deployment; kubectl\'s own if omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -s c -l cluster -d 'Cluster whose documents are applied, or a pattern such as \'prod-*\'; all if omitted (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l canary -d 'Clusters that are changed before all others, one after another: N, P% or names; the run ends if one of them fails, or more than --max-failures' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l batch -d 'Then so many of the rest, those before counted in, such as 1,10%,100%' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l max-failures -d 'Failures after which no more are begun; any number if omitted, but none in the canary' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l max-unreachable -d 'The same of clusters that cannot be reached' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l parallel -d 'Clusters that are worked on at a time, at most; as many as the server takes if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l rate -d 'Requests that go out in a second (N/s) or a minute (N/m), at most; learned from the server if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l journal -d 'File in which the run is kept, to be taken up again; one below `$XDG_STATE_HOME/mk8s/journal` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l resume -d 'Run to be taken up again, by its journal: the same command, on what it has not done yet' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l report -d 'Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the step\'s summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted' -r -f -a "github\t'GitHub Actions'"
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l report-file -d 'File that gets the same page in Markdown, short enough for a comment; it is replaced; `MK8S_REPORT_FILE` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l prune-addons -d 'Removal of add-ons, and of their settings, that are only live'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l put -d 'Whole document by PUT, as `cpln apply` sends it'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l history -d 'Record of the run for `mk8s undo` under CI as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l dry-run -d 'Preview on stdout; nothing is sent'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l exit-code -d 'Exit code 10 when a dry run finds differences'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l pause -d 'Question before each further stage; nobody there ends the run'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l fail-fast -d '--max-failures 0 and --max-unreachable 0, and nothing at all if a cluster is refused or cannot be read'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l clusters -d 'Two live clusters that are compared with each other' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -s c -l cluster -d 'Cluster whose documents are compared, or a pattern such as \'prod-*\'; all if omitted (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l report -d 'Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the step\'s summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted' -r -f -a "github\t'GitHub Actions'"
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l report-file -d 'File that gets the same page in Markdown, short enough for a comment; it is replaced; `MK8S_REPORT_FILE` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l all-fields -d 'Whole manifests, and not the add-ons alone'
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l explain-ignored -d 'Fields that are not the same and no difference, with the rule that says so'
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l exit-code -d 'Exit code 10 when something differs'
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -s c -l cluster -d 'Live cluster, or a pattern such as \'prod-*\', and with -f the documents of that name; `MK8S_CLUSTER` if no target is given (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin; alone it is checked offline (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l image -d 'Image in a private ECR registry that is to be pulled' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l only -d 'Check or group to report alone (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l skip -d 'Check or group to leave out (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l fail-on -d 'State that counts as a failure too: warning or unknown (can be repeated)' -r -f -a "warning\t'Warnings'
unknown\t'What could not be looked at'"
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l report -d 'Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the step\'s summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted' -r -f -a "github\t'GitHub Actions'"
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l report-file -d 'File that gets the same page in Markdown, short enough for a comment; it is replaced; `MK8S_REPORT_FILE` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l wait -d 'Longest wait for what the cluster publishes, and for a role that is new; 5m if the value is omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l web-identity-token-file -d 'File with that token; the command that makes one is shown if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l aws-profile -d 'Profile of the AWS tools' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l aws-region -d 'Region that signs the requests; IAM itself has none' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l aws-endpoint-url -d 'Address of all AWS services, for emulators' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l allow-empty -d 'Files without a cluster are left out, also where they are named, and none at all is no error'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l list -d 'List of all checks in place of a run'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l facts -d 'What the clusters (all if none is named) show of what the platform\'s documents leave open, in place of a run: for a report, without names, accounts and ids'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l live -d 'Pull tried for real, with the token of the service account that pulls'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -s c -l cluster -d 'Live cluster, or a pattern such as \'prod-*\', and with -f the documents of that name; `MK8S_CLUSTER` if no target is given (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -s f -l file -d 'Manifest file, folder of manifests or `-` for stdin; alone it is checked offline (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l image -d 'Image in a private ECR registry that is to be pulled' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l only -d 'Check or group to report alone (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l skip -d 'Check or group to leave out (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l fail-on -d 'State that counts as a failure too: warning or unknown (can be repeated)' -r -f -a "warning\t'Warnings'
unknown\t'What could not be looked at'"
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l report -d 'Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the step\'s summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted' -r -f -a "github\t'GitHub Actions'"
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l report-file -d 'File that gets the same page in Markdown, short enough for a comment; it is replaced; `MK8S_REPORT_FILE` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l wait -d 'Longest wait for what the cluster publishes, and for a role that is new; 5m if the value is omitted' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l web-identity-token-file -d 'File with that token; the command that makes one is shown if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l aws-profile -d 'Profile of the AWS tools' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l aws-region -d 'Region that signs the requests; IAM itself has none' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l aws-endpoint-url -d 'Address of all AWS services, for emulators' -r
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l allow-empty -d 'Files without a cluster are left out, also where they are named, and none at all is no error'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l list -d 'List of all checks in place of a run'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l facts -d 'What the clusters (all if none is named) show of what the platform\'s documents leave open, in place of a run: for a report, without names, accounts and ids'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l live -d 'Pull tried for real, with the token of the service account that pulls'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -s f -l file -d 'The same with a flag (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -s c -l cluster -d 'Cluster whose documents are validated, or a pattern such as \'prod-*\'; all if omitted (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l report -d 'Report beside the output, also of a run that fails; `github`: annotations on stderr, a page in the step\'s summary, `changed`, `exit-kind` and `role-arn` as outputs; `MK8S_REPORT` if omitted' -r -f -a "github\t'GitHub Actions'"
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l report-file -d 'File that gets the same page in Markdown, short enough for a comment; it is replaced; `MK8S_REPORT_FILE` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l allow-empty -d 'Files without a cluster are left out, also where they are named, and none at all is no error'
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l strict -d 'Fields, add-ons and versions that this mk8s does not know are failures'
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand journal" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l confirm -d 'Cluster\'s name, where an add-on goes that runs the cluster (byok)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l canary -d 'Clusters that are changed before all others, one after another: N, P% or names; the run ends if one of them fails, or more than --max-failures' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l batch -d 'Then so many of the rest, those before counted in, such as 1,10%,100%' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l max-failures -d 'Failures after which no more are begun; any number if omitted, but none in the canary' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l max-unreachable -d 'The same of clusters that cannot be reached' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l parallel -d 'Clusters that are worked on at a time, at most; as many as the server takes if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l rate -d 'Requests that go out in a second (N/s) or a minute (N/m), at most; learned from the server if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l journal -d 'File in which the run is kept, to be taken up again; one below `$XDG_STATE_HOME/mk8s/journal` if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l resume -d 'Run to be taken up again, by its journal: the same command, on what it has not done yet' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l force -d 'Add-ons off that others have come to need'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l history -d 'Record of the run for `mk8s undo` under CI as well'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l dry-run -d 'Preview on stdout; nothing is written or sent'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l exit-code -d 'Exit code 10 when a dry run finds differences'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l pause -d 'Question before each further stage; nobody there ends the run'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l fail-fast -d '--max-failures 0 and --max-unreachable 0, and nothing at all if a cluster is refused or cannot be read'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -s c -l cluster -d 'Cluster whose runs are listed, or a pattern such as \'prod-*\' (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -s h -l help -d 'Print help'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -f -a "list" -d 'List the clusters of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -f -a "get" -d 'Print one cluster'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and not __fish_seen_subcommand_from list get wait" -f -a "wait" -d 'Wait until clusters show something'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -s c -l cluster -d 'Cluster to list, or a pattern such as \'prod-*\'; all if omitted (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -s c -l cluster -d 'Cluster, or a pattern such as \'prod-*\'; `MK8S_CLUSTER` if omitted (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -s l -l selector -d 'Clusters for which all of it holds, such as \'tag.team=blue,kubernetes>=1.32,addon.aws-ecr\'' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l exclude -d 'Cluster to leave out, or a pattern (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l for -d 'What is waited for: addon=NAME, or jsonpath=EXPR with =VALUE behind braces' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l wait -d 'Time to wait; 5m if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l all -d 'Every live cluster of the org'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and not __fish_seen_subcommand_from status" -f -a "status" -d 'Show who, which org and endpoint, and which source won'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -s h -l help -d 'Print help'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -f -a "start" -d 'Serve an embedded Control Plane until Ctrl-C'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -f -a "run" -d 'Run a command against a fresh embedded Control Plane'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and not __fish_seen_subcommand_from start run token" -f -a "token" -d 'Print a token of a service account, as `kubectl create token` does'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l port -d 'Port on 127.0.0.1; a free one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l seed -d 'Manifest whose clusters are there at the start, instead of the four (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l clusters -d 'Number of clusters to make up, `fleet-0001` and so on, instead of the four or beside the seed' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l state -d 'File that keeps the clusters between runs' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l put -d 'What a PUT does with fields that it leaves out: replace or merge; replace if omitted' -r -f -a "replace\t''
merge\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l trust-policy -d 'Trust policy in the status: object, string, placeholder, or a file whose JSON is published as it stands; object if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l known -d 'Key of an add-on, or version of Kubernetes, that mk8s does not know, to be accepted (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l status-delay -d 'Time until a change shows in the status; none if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l latency -d 'Time that every answer takes; none if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l rate -d 'Requests that are answered, such as `10/s` or `10/s,burst=20`, and 429 beyond; all if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l require-role -d 'IAM role that no add-on may name before the IAM of `AWS_ENDPOINT_URL` has it (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l oidc -d 'Port on which the issuers of the clusters are served, over HTTPS on localhost under a root certificate of the sandbox; a free one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l fault -d 'Fault to inject, such as `status=503,on=PATCH,times=2` (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l enforce-prerequisites -d 'Refusal of add-ons whose prerequisites are off'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l no-oidc -d 'Issuers that nobody serves'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l port -d 'Port on 127.0.0.1; a free one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l seed -d 'Manifest whose clusters are there at the start, instead of the four (can be repeated)' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l clusters -d 'Number of clusters to make up, `fleet-0001` and so on, instead of the four or beside the seed' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l state -d 'File that keeps the clusters between runs' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l put -d 'What a PUT does with fields that it leaves out: replace or merge; replace if omitted' -r -f -a "replace\t''
merge\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l trust-policy -d 'Trust policy in the status: object, string, placeholder, or a file whose JSON is published as it stands; object if omitted' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l known -d 'Key of an add-on, or version of Kubernetes, that mk8s does not know, to be accepted (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l status-delay -d 'Time until a change shows in the status; none if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l latency -d 'Time that every answer takes; none if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l rate -d 'Requests that are answered, such as `10/s` or `10/s,burst=20`, and 429 beyond; all if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l require-role -d 'IAM role that no add-on may name before the IAM of `AWS_ENDPOINT_URL` has it (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l oidc -d 'Port on which the issuers of the clusters are served, over HTTPS on localhost under a root certificate of the sandbox; a free one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l fault -d 'Fault to inject, such as `status=503,on=PATCH,times=2` (can be repeated)' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l enforce-prerequisites -d 'Refusal of add-ons whose prerequisites are off'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l no-oidc -d 'Issuers that nobody serves'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s c -l cluster -d 'Cluster whose issuer signs the token' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l service-account -d 'Service account; the one in the trust policy of aws-ecr if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l audience -d 'Audience; the one in the trust policy of aws-ecr if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l expires-in -d 'Time that it is valid for; 1h if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l defect -d 'What is wrong with it, to rehearse: expired, issuer, key, unknown-key or algorithm' -r -f -a "expired\t'It has expired'
issuer\t'It names another issuer'
key\t'It is signed with another key under the published id'
unknown-key\t'It is signed with a key that is not published'
algorithm\t'It is signed with a shared secret (HS256)'"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -l static -d 'Script that stands alone, for packages: it asks nothing, and knows no live names'
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l of -d 'Kind of the document that is described' -r -f -a "Addon\t''
AddonChanges\t''
AddonList\t''
ApplyResult\t''
Auth\t''
AwsPlan\t''
AwsStatus\t''
CheckList\t''
CheckReport\t''
Diff\t''
Error\t''
Facts\t''
History\t''
Journal\t''
Summary\t''
Version\t''
Waits\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l modeline -d 'Comment for the head of a manifest, by which editors find the schema in FILE; mk8s.schema.json if no file follows' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -s h -l help -d 'Print help'
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -s o -l output -d 'Format of the results: text, wide, json, yaml, json-slim, yaml-slim, names or jsonpath=EXPR, for `check` and `validate` also short, github and junit; `MK8S_OUTPUT` or text if omitted' -r -f -a "text\t''
wide\t''
json\t''
jsonl\t''
yaml\t''
json-slim\t''
yaml-slim\t''
names\t''
jsonpath=\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -l error-format -d 'Form of an error on stderr, text or json; text if omitted' -r -f -a "text\t'For people'
json\t'One JSON document in one line'"
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -l color -d 'Colours: auto, always or never; auto if omitted' -r -f -a "auto\t'Where a terminal shows it and nothing speaks against it'
always\t'Everywhere'
never\t'Nowhere'"
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -l org -d 'Org to work in; `CPLN_ORG` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -l profile -d 'Profile of `cpln` to use; `CPLN_PROFILE` or the default one if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -l endpoint -d 'Address of the API; `CPLN_ENDPOINT` or the profile\'s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -l token -d 'Token, visible to `ps`: prefer `CPLN_TOKEN`, a profile or --token-file' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -l token-file -d 'File that holds the token' -r -F
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -l timeout -d 'Limit of one API request, such as 30s or 2m; 30s if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -s q -l quiet -d 'Only results, warnings and errors'
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -s v -l verbose -d 'More words on what is done'
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -s d -l debug -d 'Requests and answers on stderr, secrets masked'
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -s y -l yes -d 'Yes to every question'
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -l no-input -d 'No questions: what would ask fails with exit 2'
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -s k -l insecure -d 'Server certificates unchecked'
complete -c mk8s -n "__fish_mk8s_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from list" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from show; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from explain; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from aws-ecr" -l role-arn -d 'IAM role the cluster assumes to pull images; not needed on AWS for the cluster\'s own account; kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from aws-ecr" -l no-role-arn -d 'No role: the one that is set is removed' -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from aws-efs" -l role-arn -d 'IAM role the EFS driver assumes; required, kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from aws-efs" -l no-role-arn -d 'No role: the one that is set is removed' -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from aws-elb" -l role-arn -d 'IAM role the load balancer controller assumes; the recommended one is made if absent; kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from aws-elb" -l no-role-arn -d 'No role: the one that is set is removed' -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from azure-acr" -l client-id -d 'Client id of the identity that may pull; required, kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from azure-workload-identity" -l tenant-id -d 'Id of the Entra tenant; kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from byok" -l location -d 'Location that the cluster serves, as //location/NAME: //location/NAME; required, kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from byok" -l ignore-updates -d 'Whether agent updates are skipped; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from kubevirt" -l scratch-space-storage-class -d 'Storage class for scratch space; needed if the default class is block mode; kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from logs" -l audit-enabled -d 'Whether audit records are collected; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from logs" -l include-namespaces -d 'Namespaces to collect from; kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from logs" -l exclude-namespaces -d 'Namespaces to leave out; kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from logs" -l docker -d 'Whether the container runtime\'s log is collected; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from logs" -l kubelet -d 'Whether the kubelet\'s log is collected; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from logs" -l kernel -d 'Whether the kernel\'s log is collected; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from logs" -l events -d 'Whether cluster events are collected; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from metrics" -l kube-state -d 'Whether object states are scraped; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from metrics" -l core-dns -d 'Whether CoreDNS is scraped; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from metrics" -l kubelet -d 'Whether the kubelets are scraped; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from metrics" -l apiserver -d 'Whether the API server is scraped; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from metrics" -l node-exporter -d 'Whether node figures are scraped; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from metrics" -l cadvisor -d 'Whether container figures are scraped; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from metrics" -l scrape-annotated-interval-seconds -d 'Seconds between two looks at a pod: 1 or more; kept if omitted, 30 by default' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from metrics" -l scrape-annotated-include-namespaces -d 'Namespaces whose pods are scraped; kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from metrics" -l scrape-annotated-exclude-namespaces -d 'Namespaces whose pods are left out; kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from metrics" -l scrape-annotated-retain-labels -d 'Labels of pods that are kept on their metrics; kept if omitted' -r -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from enable; and __fish_seen_subcommand_from nvidia" -l taint-gpu-nodes -d 'Whether GPU nodes are kept for pods that ask for a GPU; kept if omitted' -r -f -a 'true false'
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from disable; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from copy" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from pull" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from trust-policy; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand addon; and __fish_seen_subcommand_from oidc-url" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from setup; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from emit; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from repository-policy; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from status; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from teardown; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from permissions" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand aws; and __fish_seen_subcommand_from workload" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand history" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from list" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from get" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand cluster; and __fish_seen_subcommand_from wait" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand auth; and __fish_seen_subcommand_from status" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from start" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand sandbox; and __fish_seen_subcommand_from token" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand completion" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand completion; and not __fish_seen_subcommand_from bash elvish fish powershell zsh" -f -a "bash\t''
elvish\t''
fish\t''
powershell\t''
zsh\t''"
complete -c mk8s -n "__fish_mk8s_using_subcommand schema" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand schema; and not __fish_seen_subcommand_from aws-ecr aws-efs aws-elb aws-workload-identity azure-acr azure-workload-identity byok dashboard headlamp kata kubevirt local-path-storage logs metrics node-local-dns nvidia registry-mirror sysbox" -f -a "aws-ecr\t'Pull images from private Amazon ECR registries'
aws-efs\t'Mount Amazon EFS file systems as volumes'
aws-elb\t'Make AWS load balancers for services and ingresses'
aws-workload-identity\t'Let pods assume IAM roles'
azure-acr\t'Pull images from private Azure Container Registries'
azure-workload-identity\t'Give pods Entra identities'
byok\t'Make the cluster a Control Plane location'
dashboard\t'Serve the Kubernetes Dashboard'
headlamp\t'Serve the Headlamp user interface'
kata\t'Run pods in virtual machines of their own'
kubevirt\t'Run virtual machines'
local-path-storage\t'Offer volumes on the node\'s own disk'
logs\t'Send pod logs and audit records to Control Plane'
metrics\t'Send Prometheus metrics to Control Plane'
node-local-dns\t'Cache DNS answers on every node'
nvidia\t'Run GPU workloads on NVIDIA nodes'
registry-mirror\t'Share pulled images between nodes'
sysbox\t'Run Docker and Kubernetes inside pods'"
complete -c mk8s -n "__fish_mk8s_using_subcommand version" -f
complete -c mk8s -n "__fish_mk8s_using_subcommand help" -f
