#!/bin/sh
# p8fs-gen: checks what is staged. Written by `p8fs-gen hook install`, which keeps a former hook and calls it first;
# `p8fs-gen hook uninstall` puts that one back. `git commit --no-verify` commits without any of this.

former="$0.before-p8fs-gen"
if [ -x "$former" ]; then
    "$former" "$@" || exit
fi

if ! command -v p8fs-gen >/dev/null 2>&1; then
    echo "pre-commit: p8fs-gen is not on PATH: install it, or commit with --no-verify" >&2
    exit 1
fi

staged=$(mktemp -d) || exit
trap 'rm -rf "$staged"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The index is what will be committed; what the work tree holds beside it does not count.
index() {
    git --literal-pathspecs -c core.quotePath=false ls-files --cached "$@"
}

workspace() {
    if git --literal-pathspecs diff --cached --quiet -- "$1"; then
        return # nothing of it is staged
    fi
    # The folders that `render --out` wrote, if they are committed.
    rendered=$(index -- "$1" | sed -n 's|/\.p8fs-gen\.json$||p')
    {
        index -z -- "$1/environments" "$1/templates" "$1/patches" "$1/p8fs-gen.toml"
        printf '%s\n' "$rendered" | while IFS= read -r folder; do
            [ -z "$folder" ] || index -z -- "$folder"
        done
    } | git checkout-index -z --stdin --prefix="$staged/" || exit
    if ! [ -d "$staged/$1/environments" ]; then
        return # this commit does not have it
    fi

    p8fs-gen --quiet -C "$staged/$1" check || refuse "$1"
    printf '%s\n' "$rendered" | while IFS= read -r folder; do
        environment=$(basename "$folder")
        if [ -f "$staged/$1/environments/$environment.toml" ]; then
            out="$staged/$(dirname "$folder")"
            p8fs-gen --quiet -C "$staged/$1" render "$environment" --out "$out" --check >&2 || exit
        fi
    done || {
        echo "pre-commit: the rendered folder is not what is staged; render again, and \`git add\` it" >&2
        refuse "$1"
    }
}

refuse() {
    echo "pre-commit: what is staged in $1 is refused; --no-verify commits nevertheless" >&2
    exit 1
}

# One line for each workspace of this repository.
