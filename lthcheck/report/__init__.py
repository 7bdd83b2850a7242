"""The report: JSON record, Markdown and figures. Pure functions of a verdict; no torch.

`record.record` turns a judgement into the record, and `schema` says what stands in it; `markdown.markdown`,
`headline.headline`, `tables.verdict_table`, `figures.draw`, `badge.badge`, `overview.table` and `github.summary` read
nothing else. `write.write` puts a report in a folder, `write.render` makes it again from its record.
"""
