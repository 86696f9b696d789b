"""Operations on profiles as data: command line, panel, wizard, PRF files and installs make them."""
