"""Organizations: their name, their industry and whether they are suspended.

One aggregate is one organization (key: organization_id). A signup is refused or applied as a whole: the owner's account
is activated in the same transaction, the industry's modules follow as a command of assignments.
"""
