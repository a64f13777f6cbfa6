"""The files that pages load are collected quickly, whatever libraries happen to be installed."""

from core.static_files import StaticFiles


def test_a_file_is_compressed_with_gzip_alone(tmp_path):
    import brotli  # noqa: F401 - it is there, as WeasyPrint brings it: without it this test would say nothing

    stylesheet = tmp_path / "look.css"
    stylesheet.write_text("main { color: black }\n" * 200)

    made = (
        StaticFiles(location=tmp_path)
        .create_compressor(extensions=None, quiet=True)
        .compress(str(stylesheet))
    )

    assert list(made) == [f"{stylesheet}.gz"]
