"""The pages: server-rendered, with ES modules of their own. They do what REST does, through the same operations.

A page is written whole by the server and works on what `/api/v1` answers; a browser that is signed in carries its key
in a cookie (`api.auth.session`), so that one guard serves both.
"""

from api.dashboard import (
    assets,
    compare_page,
    datasets_page,
    job_page,
    jobs_page,
    live,
    new_job_page,
    overview_page,
    sign_in,
    tokens_page,
    workers_page,
)

ROUTERS = (
    overview_page.router,
    jobs_page.router,
    new_job_page.router,  # before the page of a job, whose address would take its own
    new_job_page.checks,
    job_page.router,
    compare_page.router,
    datasets_page.router,
    workers_page.router,
    tokens_page.router,
    live.router,
    sign_in.router,
    assets.router,
)
