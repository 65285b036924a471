"""Training the reference models from the command line: `python -m solutions train MODEL`.

`config` says what a run is, `models` which models there are, `tasks` what is asked of them and how it is measured,
`data` in what order pictures come, `checkpoint` what outlives a killed run, `loop` puts them together.
"""
