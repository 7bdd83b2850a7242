"""The report: JSON record, Markdown and figures. Pure functions of a verdict; no torch.

`record.record` turns a judgement into the record; `markdown.markdown`, `headline.headline`, `tables.verdict_table`
and `figures.accuracy_by_lr` read nothing else; `write.write` puts them in a folder.
"""
