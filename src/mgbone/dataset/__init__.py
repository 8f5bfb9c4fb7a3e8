"""From the files of a folder to checked tables."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "descriptor": ["write_datapackage"],
        "opening": ["Dataset", "check_dataset", "open_dataset"],
        "parts": ["PARTS", "holds"],
    },
)
