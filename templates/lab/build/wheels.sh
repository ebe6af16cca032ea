# Makes an index of Python wheels as PEP 503 has it: $out/NAME/index.html beside the wheels of everything in $requirements, and of what
# models may need. Runs on the host, whose pip knows the way to PyPI. Needs: out, files, requirements (a file), python (such as 3.13).
set -eu

# Apart: the second file has no digests, and pip wants them of all packages or of none.
for file in "$requirements" "$files/model-packages.txt"; do
    python3 -m pip --disable-pip-version-check download --quiet --only-binary=:all: --implementation cp --python-version "$python" \
        --abi "cp$(printf %s "$python" | tr -d .)" --abi abi3 --abi none \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_17_x86_64 \
        --platform manylinux2014_x86_64 --platform manylinux1_x86_64 --platform any \
        --dest "$out/from" --requirement "$file"
done
for wheel in "$out/from/"*.whl; do
    file=${wheel##*/}
    name=$(printf %s "${file%%-*}" | tr 'A-Z_.' 'a-z--')
    mkdir -p "$out/$name"
    mv "$wheel" "$out/$name/"
    printf '<a href="%s#sha256=%s">%s</a><br>\n' "$file" "$(sha256sum <"$out/$name/$file" | cut -d ' ' -f 1)" "$file" >>"$out/$name/index.html"
done
rm -r "$out/from"
(
    cd "$out"
    for name in */; do
        printf '<a href="%s">%s</a><br>\n' "$name" "${name%/}"
    done >index.html
)
