"""The findings of the doctor, one module for each subject."""
