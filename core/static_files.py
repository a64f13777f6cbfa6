"""How the files that pages load are kept: named by their content, and compressed once."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage without brotli: it would compress plotly.js for a minute at the first start.

    Brotli is there because WeasyPrint needs it for fonts; that must not decide how long a start takes.
    """

    def create_compressor(self, **options):
        return super().create_compressor(use_brotli=False, **options)
