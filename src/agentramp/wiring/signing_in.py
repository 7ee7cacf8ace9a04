"""As whom a run calls the cloud: the chain of credentials, from arguments and environment."""

from agentramp.credentials.chain import Chain, Found
from agentramp.credentials.holder import hold
from agentramp.credentials.masked import Masked
from agentramp.credentials.named import Drawer
from agentramp.credentials.port import Holder
from agentramp.credentials.ring import system_ring
from agentramp.credentials.sts import TokenService
from agentramp.errors import UsageError
from agentramp.exchange import check_address, is_loopback
from agentramp.platform.agentrun.services import Services
from agentramp.wiring.context import Context


def cloud(
    context: Context, region: str, asked: str | None, configured: str | None
) -> tuple[Services, Holder]:
    """``asked`` is what -a names, ``configured`` what s.yaml does.

    Nobody is asked over the network yet. Raises UsageError where no credentials are set.
    """

    def account() -> str:
        return holder.account()

    services = Services.of(region, account, context.environ)
    _check(services)
    holder = _held(context, services, asked, configured)
    return services, holder


def tokens(context: Context, services: Services) -> TokenService:
    return TokenService(services.tokens, context.clock, context.sleep, context.nonce, context.tell)


def drawer(context: Context) -> Drawer:
    """The named credentials of agentramp access."""
    return Drawer(context.home / "access.json", system_ring)


def _held(
    context: Context, services: Services, asked: str | None, configured: str | None
) -> Holder:
    """One for all of a run: a release asks for tokens once, and is warned once."""
    key = (services.tokens, asked, configured)
    if key not in context.holders:
        service = tokens(context, services)
        kept, mask = drawer(context), context.mask
        chain = Chain(context.environ, kept, service, asked, configured, mask)
        found = chain.find()
        _warn(context, found)
        context.holders[key] = hold(
            Masked(found.source, mask), found.account, service, context.clock
        )
    return context.holders[key]


def _warn(context: Context, found: Found) -> None:
    if found.is_static and context.environ.get("GITHUB_ACTIONS") == "true":
        context.console.say(
            f"warning: {found.source.name} is a long-lived key; a job can do without one"
            " (docs/how-to/credentials.md: keyless)"
        )


def _check(services: Services) -> None:
    if services.control.startswith("http://") and not is_loopback(services.control):
        raise UsageError(
            f"AGENTRUN_CONTROL_ENDPOINT is {services.control}: what is sent holds secrets of your"
            " agent",
            advice="use https; http is for this machine only",
        )
    check_address(services.control, "AGENTRUN_CONTROL_ENDPOINT")
    check_address(services.functions, "FC_CLIENT_CUSTOM_ENDPOINT")
    if services.upload_override:
        check_address(services.upload_override, "FC_CODE_TEMP_OSS_ENDPOINT")
