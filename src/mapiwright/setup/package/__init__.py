"""What a vendor ships: manifest, files, DLL headers, versions and signatures, checked before anything is planned."""
