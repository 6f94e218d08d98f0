"""Where facts come from: store databases and generated samples."""
