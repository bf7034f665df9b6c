"""Signs users in, and makes sure that there is a super admin."""

from dataclasses import dataclass
from uuid import UUID

from access.domain import (
    Account,
    EmailBelongsToOtherRole,
    EmailTaken,
    UserState,
    WrongCredentials,
    is_text,
    valid_email,
    valid_password,
)
from access.events import UserActivatedEvent, UserPasswordReplacedEvent
from access.ports import Fact, FactLog, Passwords, SignInAttempts, Users
from access.sessions import Sessions, SignedIn
from shared.messages import Event
from shared.ports import Clock, Database, Ids
from shared.text.emails import email_of

STARTING_SERVICE = "system:start"
CREATING_OPERATOR = "system:cli"
SUPER_ADMIN = UserState("super_admin", None, is_active=True)


@dataclass
class SignIn:
    """Exchanges an e-mail and a password for a session."""

    database: Database
    users: Users
    passwords: Passwords
    sessions: Sessions
    attempts: SignInAttempts

    async def __call__(self, email: str, password: str, address: str) -> SignedIn:
        """Raise `WrongCredentials`, with one text and at one cost whatever is wrong, or `OrganizationSuspended`.

        A suspension is revealed only after the right password. Access tokens issued before it end with their lifetime.
        `address` is where the attempt comes from: after too many failures `TooManyAttempts` is raised.
        """
        await self.attempts.begin(email, address)
        account = await self._account(email)
        known_hash = account.password_hash if account else None
        verified = await self.passwords.verifies(known_hash, password if is_text(password) else "")
        if account is None or not verified or not account.is_active:
            raise WrongCredentials("E-mail or password is wrong. Check both and try again.")
        await self.attempts.succeeded(email, address)
        return await self.sessions.start(account)

    async def _account(self, text: str) -> Account | None:
        email = email_of(text)
        if email is None:
            return None
        async with self.database.snapshot() as transaction:
            return await self.users.by_email(transaction, email)


@dataclass
class SuperAdmins:
    """Creates super admins: the one the service's settings name, and those an operator adds."""

    database: Database
    users: Users
    passwords: Passwords
    facts: FactLog
    clock: Clock
    ids: Ids

    async def ensure_super_admin(self, email: str, password: str) -> None:
        """Create the super admin or replace the password. Changes nothing when both are as given.

        Harmless when several processes do it at once. A deactivated super admin stays deactivated.
        Raises `InvalidEmail`, `UnacceptablePassword`, or `EmailBelongsToOtherRole`.
        """
        address = valid_email(email)
        valid_password(password)
        async with self.database.snapshot() as transaction:
            account = await self.users.by_email(transaction, address)
        if account is None:
            await self._add(address, password, STARTING_SERVICE)
        elif account.role != SUPER_ADMIN.role:
            raise EmailBelongsToOtherRole(
                "The e-mail set for the super admin belongs to another user: set another one (MODPLANE_ADMIN_EMAIL)."
            )
        elif not await self.passwords.verifies(account.password_hash, password):
            await self._replace_password(account, password)

    async def create(self, email: str, password: str) -> UUID:
        """Return the id of a new super admin. Raises `InvalidEmail`, `UnacceptablePassword`, or `EmailTaken`."""
        account = await self._add(valid_email(email), valid_password(password), CREATING_OPERATOR)
        if account is None:
            raise EmailTaken("A user with this e-mail exists: choose another e-mail.")
        return account.id

    async def _add(self, email: str, password: str, by: str) -> Account | None:
        password_hash = await self.passwords.hash(password)
        account = Account(self.ids.new(), SUPER_ADMIN.role, None, is_active=True, password_hash=password_hash)
        async with self.database.writing() as transaction:
            if not await self.users.add(transaction, account, email):
                return None
            event = UserActivatedEvent(account.id, None, SUPER_ADMIN.role)
            await self.facts.record(transaction, [self._fact(account, event, by)])
        return account

    async def _replace_password(self, account: Account, password: str) -> None:
        password_hash = await self.passwords.hash(password)
        async with self.database.writing() as transaction:
            if await self.users.replace_password(transaction, account, password_hash):
                event = UserPasswordReplacedEvent(account.id)
                await self.facts.record(transaction, [self._fact(account, event, STARTING_SERVICE)])

    def _fact(self, account: Account, event: Event, user_id: str) -> Fact:
        return Fact(
            aggregate_id=str(account.id),
            event=event,
            state=UserState(account.role, account.organization_id, account.is_active),
            user_id=user_id,
            operation_id=self.ids.new(),
            occurred_at=self.clock.now(),
        )
