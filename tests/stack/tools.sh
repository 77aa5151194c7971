# Sourced by the scripts beside it: Python tools in pinned versions, installed once, outside of the clone.

tools="${KURZ_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/kurz-tools}"

# tool NAME VERSION: prints the folder with the executables of that version, installing it if it is not there.
tool() {
    local folder="$tools/$1-$2"
    if [ ! -e "$folder/ready" ]; then
        echo "installing $1 $2 into $folder" >&2
        rm -rf "$folder"
        python3 -m venv "$folder" >&2
        "$folder/bin/pip" install --quiet --disable-pip-version-check "$1==$2" >&2
        touch "$folder/ready"
    fi
    echo "$folder/bin"
}
