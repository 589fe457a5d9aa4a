package handover

// cmdlets are the parts of a script that depend on who holds the group. All
// strings in them are verbatim ones, without anything to expand.
type cmdlets struct {
	head    string // what it needs, and its parameters
	connect string // signs in to $tenant; reads the members; sets $now; defines Test-Present
	write   string // functions Add-Row and Remove-Row; both throw
}

// scriptAbout begins every script.
const scriptAbout = `#
# How to run it
#   .\NAME.ps1                  says what it would do; changes nothing
#   .\NAME.ps1 -Apply           makes the changes
#   .\NAME.ps1 -Apply -Confirm  asks before each one
# It reads the members first and leaves alone what is already so: it can be run
# again after a failure, and running it again without -Apply shows what is still
# to be done. A row that fails does not stop the others; the failed rows are
# listed at the end, and the exit code is 1.
# Nobody is removed but the users listed here, and no account is deleted.
# If Windows refuses to run scripts, check this one and allow it for one window:
#   Unblock-File .\NAME.ps1; Set-ExecutionPolicy -Scope Process RemoteSigned
# Characters outside of ASCII stand here as \uXXXX and are shown as they are.
`

// graphCmdlets write groups that Entra holds. Sources: Microsoft Graph,
// "Add members" and "Remove member"; Entra, "Bulk operations service limitations".
//
// Remove-MgGroupMemberByRef lost its parameter DirectoryObjectId in 2.17.0,
// where Remove-MgGroupMemberDirectoryObjectByRef came, and became an alias of
// it later (msgraph-sdk-powershell, issues 2670 and 2691): the script takes the
// one that is there. Both delete the reference and never the user.
var graphCmdlets = cmdlets{
	head: `#
# It needs the modules Microsoft.Graph.Authentication and Microsoft.Graph.Groups:
#   Install-Module Microsoft.Graph.Groups -Scope CurrentUser
# and an account that owns the group or is a Groups Administrator.
# In a national cloud: -Environment USGov, USGovDoD or China.

#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Groups
[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
param(
  [switch]$Apply,
  [string]$Environment = 'Global'
)
$ErrorActionPreference = 'Stop'
`,
	connect: `
# Sign in to the tenant of the plan, and make sure that it is this one.
$scopes = 'GroupMember.ReadWrite.All', 'Group.ReadWrite.All', 'Directory.ReadWrite.All'
$context = Get-MgContext
$enough = $context -and ($context.AuthType -ne 'Delegated' -or @($context.Scopes | Where-Object { $scopes -contains $_ }).Count -gt 0)
if (-not $enough -or $context.TenantId -ne $tenant) {
  Connect-MgGraph -TenantId $tenant -Environment $Environment -Scopes 'GroupMember.ReadWrite.All' -NoWelcome
  $context = Get-MgContext
}
if ($context.TenantId -ne $tenant) {
  throw ('The plan is for tenant {0}, and you are signed in to {1}. Run Disconnect-MgGraph and start again.' -f $tenant, $context.TenantId)
}
$found = Get-MgGroup -GroupId $group
Write-Output ('Group {0} in tenant {1}, signed in as {2}' -f ($found.DisplayName -replace '\p{C}', ' '), $tenant, $context.Account)

# Who is a member now.
$present = @{}
Get-MgGroupMember -GroupId $group -All | ForEach-Object { $present[$_.Id] = $true }
$now = $present.Count
function Test-Present($row) { $present.ContainsKey($row.Id) }
`,
	write: `
$removal = 'Remove-MgGroupMemberDirectoryObjectByRef', 'Remove-MgGroupMemberByRef' |
  Where-Object { Get-Command $_ -ErrorAction SilentlyContinue } | Select-Object -First 1

function Add-Row($row) {
  try { New-MgGroupMember -GroupId $group -DirectoryObjectId $row.Id -Confirm:$false -ErrorAction Stop }
  catch { if ($_.Exception.Message -notmatch 'already exist') { throw } }
}
function Remove-Row($row) {
  try { & $removal -GroupId $group -DirectoryObjectId $row.Id -Confirm:$false -ErrorAction Stop }
  catch { if ($_.Exception.Message -notmatch 'do(es)? not exist|ResourceNotFound') { throw } }
}
`,
}

// exchangeCmdlets write distribution lists and mail-enabled security groups,
// which Graph shows and refuses to change.
//
// The members are added and removed one by one. Update-DistributionGroupMember
// would do it in one call and is never used: it replaces the whole list, so
// that it removes everybody who joined since the plan was made and everything
// that the plan leaves alone, nested lists among them, without showing it.
//
// Graph's object id is Exchange's ExternalDirectoryObjectId, which a filter
// finds; that an Identity takes it is not documented. Addresses move from one
// person to another, so the object id decides wherever Exchange has one.
var exchangeCmdlets = cmdlets{
	head: `#
# It needs the module ExchangeOnlineManagement, version 3 or newer:
#   Install-Module ExchangeOnlineManagement -Scope CurrentUser
# and an account that manages the group (ManagedBy). One that does not, but is
# in Organization Management or holds the role Security Group Creation and
# Membership, adds -BypassSecurityGroupManagerCheck.

#Requires -Version 5.1
#Requires -Modules @{ ModuleName = 'ExchangeOnlineManagement'; ModuleVersion = '3.0.0' }
[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
param(
  [switch]$Apply,
  [switch]$BypassSecurityGroupManagerCheck,
  [string]$ExchangeEnvironmentName = 'O365Default'
)
$ErrorActionPreference = 'Stop'
`,
	connect: `
# Sign in, and make sure that it is the tenant of the plan and no other.
if (-not (Get-ConnectionInformation)) {
  Connect-ExchangeOnline -ExchangeEnvironmentName $ExchangeEnvironmentName -ShowBanner:$false
}
$others = @(Get-ConnectionInformation | Where-Object { $_.TenantID -ne $tenant })
if ($others.Count -gt 0) {
  throw ('The plan is for tenant {0}, and you are signed in to {1}. Run Disconnect-ExchangeOnline and start again.' -f $tenant, $others[0].TenantID)
}
$list = @(Get-DistributionGroup -Filter ('ExternalDirectoryObjectId -eq ''{0}''' -f $group) | Where-Object { $_.ExternalDirectoryObjectId -eq $group })
if ($list.Count -ne 1) {
  throw ('Exchange has no distribution list or mail-enabled security group with the object id {0}.' -f $group)
}
$identity = [string]$list[0].Guid
Write-Output ('List {0}, {1}, in tenant {2}' -f ($list[0].DisplayName -replace '\p{C}', ' '), $list[0].PrimarySmtpAddress, $tenant)

# Who is a member now: by object id, or by address where Exchange has no id. An
# address that somebody else has by now leads to nobody.
$members = @{}
$addresses = @{}
$now = 0
Get-DistributionGroupMember -Identity $identity -ResultSize Unlimited | ForEach-Object {
  $now = $now + 1
  if ($_.ExternalDirectoryObjectId) { $members[[string]$_.ExternalDirectoryObjectId] = [string]$_.Guid }
  elseif ($_.PrimarySmtpAddress) { $addresses[[string]$_.PrimarySmtpAddress] = [string]$_.Guid }
}
function Find-Member($row) {
  if ($members.ContainsKey($row.Id)) { $members[$row.Id] }
  elseif ($row.Mail) { $addresses[[regex]::Unescape($row.Mail)] }
}
function Find-Recipient($row) {
  $found = @(Get-Recipient -Filter ('ExternalDirectoryObjectId -eq ''{0}''' -f $row.Id) -ErrorAction Stop)
  if ($found.Count -eq 0 -and $row.Mail) {
    $found = @(Get-Recipient -Identity ([regex]::Unescape($row.Mail)) -ErrorAction Stop | Where-Object { -not $_.ExternalDirectoryObjectId })
  }
  if ($found.Count -ne 1) { throw 'Exchange has no such recipient.' }
  [string]$found[0].Guid
}
function Test-Present($row) { [bool](Find-Member $row) }
$manager = @{}
if ($BypassSecurityGroupManagerCheck) { $manager['BypassSecurityGroupManagerCheck'] = $true }
`,
	write: `
function Add-Row($row) {
  try { Add-DistributionGroupMember -Identity $identity -Member (Find-Recipient $row) -Confirm:$false -ErrorAction Stop @manager }
  catch { if ([string]$_ -notmatch 'already a member|MemberAlreadyExistsException') { throw } }
}
function Remove-Row($row) {
  try { Remove-DistributionGroupMember -Identity $identity -Member (Find-Member $row) -Confirm:$false -ErrorAction Stop @manager }
  catch { if ([string]$_ -notmatch 'is(n.t| not) a member|MemberNotFoundException') { throw } }
}
`,
}

// scriptWork tells what the group looks like before the first row.
const scriptWork = `
if ($now -ne $before) {
  Write-Warning ('The group should have {0} members before this script, and has {1}. It was changed meanwhile, or this script was run before: read what would be done.' -f $before, $now)
}
`

// scriptEnd makes the rows.
const scriptEnd = `
$done = 0
$already = 0
$left = 0
$at = 0
$failed = @()
foreach ($row in $rows) {
  $at = $at + 1
  $name = [regex]::Unescape($row.Name)
  Write-Progress -Activity 'rollcall' -Status ('{0} of {1}: {2} {3}' -f $at, $rows.Count, $row.Do, $name) -PercentComplete (100 * $at / $rows.Count)
  if ((Test-Present $row) -eq ($row.Do -eq 'add')) {
    $already = $already + 1
    continue
  }
  if (-not $Apply) {
    Write-Output ('would {0} {1} ({2})' -f $row.Do, $name, $row.Id)
    $left = $left + 1
    continue
  }
  if (-not $PSCmdlet.ShouldProcess($name, $row.Do)) {
    $left = $left + 1
    continue
  }
  try {
    if ($row.Do -eq 'add') { Add-Row $row } else { Remove-Row $row }
    Write-Output ('{0} {1} ({2})' -f $row.Do, $name, $row.Id)
    $done = $done + 1
  } catch {
    $failed += ('{0} {1} ({2}): {3}' -f $row.Do, $name, $row.Id, $_.Exception.Message)
  }
}
Write-Progress -Activity 'rollcall' -Completed

Write-Output ('{0} of {1} rows done, {2} were already so, {3} not done, {4} failed' -f $done, $rows.Count, $already, $left, $failed.Count)
if (-not $Apply) { Write-Output 'Nothing was changed. Run it with -Apply to make the changes.' }
foreach ($failure in $failed) { Write-Warning $failure }
if ($failed.Count -gt 0) { exit 1 }
`
